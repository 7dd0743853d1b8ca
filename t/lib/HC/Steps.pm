package HC::Steps;

# Blocks that are a story instead of one request: beside what HC gives,
#
#     --- uses: redis app
#     --- steps
#     is(get('/x')->{cache}, 'MISS', 'first');
#
# The steps are Perl, run in the suite's package while nginx runs; a step that
# dies fails the block.  error.log is then checked as after a request.
#
#   uses   redis       $redis, as redis_start() gives it
#          redis_unix  the same without TCP
#          slow        $slow, an HC::Slow ahead of that Redis, and
#                      $TEST_NGINX_SLOW_PORT
#          app         $app, an HC::Told, and $TEST_NGINX_APP_PORT
#          dead        $TEST_NGINX_DEAD_PORT, where nobody listens; also
#                      where an HC::Peer can be put
#
# A block without http_config or config has the suite's $http_config, $config.

use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(remove_tree);
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use Test::More ();
use Time::HiRes qw(sleep time);

use HC ();
use HC::Told;
use HC::Slow;

our ($redis, $slow, $app);

our @EXPORT = qw(
    $redis $slow $app
    get send_raw send_get read_answer is_answered answer status_of
    begin_fill finish_fill
    start_node
    redis_keys redis_bulk redis_kill nginx_restart l2_stored
);


my $the_app;            # one for the whole suite


# --- another node -------------------------------------------------------------

# Another node behind the same Redis: the same configuration at another port.

my $node;

sub start_node {
    my $root = Test::Nginx::Util::server_root();
    my $two = File::Temp::tempdir('hc-two.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $port = HC::free_port();

    open my $in, '<', "$root/conf/nginx.conf" or die $!;
    my $conf = do { local $/; <$in> };
    my $own = Test::Nginx::Util::server_port();

    $conf =~ s/(listen\s+)$own\b/$1$port/g;
    $conf =~ s{\Q$root\E/?(?=logs|html)}{$two/}g;

    mkdir "$two/$_" for qw(conf logs html);
    open my $out, '>', "$two/conf/nginx.conf" or die $!;
    print $out $conf;
    close $out;

    my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
    system("$nginx -e $two/logs/error.log -p $two/ -c conf/nginx.conf "
           . '>/dev/null') == 0 or die 'the node does not start';

    HC::wait_until(sub { -s "$two/logs/nginx.pid" }) or die 'no pid';
    open $in, '<', "$two/logs/nginx.pid" or die $!;
    chomp($node = <$in>);

    return $port;
}


Test::Nginx::Util::add_test_cleanup_handler(sub {
    kill QUIT => $node if $node;
    undef $node;
});


# --- requests ----------------------------------------------------------------

# get('/x', method => 'POST', app => 'status=404', ...): an answer as a hash:
# code, headers (by lower case name), body, whole (as announced), time
# (seconds), and cache, tier, reason from the suite's X- headers.

sub get {
    my ($uri, %o) = @_;

    return read_answer(send_get($uri, %o), $o{timeout});
}


# The first half of it: what read_answer() wants.

sub send_get {
    my ($uri, %o) = @_;

    my $method = $o{method} || 'GET';
    my $body = defined $o{body} ? $o{body} : '';

    return send_raw("$method $uri HTTP/1.1\r\n"
        . 'Host: ' . ($o{host} || 'localhost') . "\r\n"
        . "Connection: close\r\n"
        . (defined $o{app} ? "X-App: $o{app}\r\n" : '')
        . (defined $o{body} || $method !~ /^(?:GET|HEAD)$/
           ? 'Content-Length: ' . length($body) . "\r\n" : '')
        . ($o{headers} || '') . "\r\n$body", %o);
}


sub send_raw {
    my ($raw, %o) = @_;

    my $port = $o{port} || Test::Nginx::Util::server_port();
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 20)
        or die "cannot connect to nginx: $!";

    local $SIG{PIPE} = 'IGNORE';
    my $sent = { socket => $s, start => time(),
                 head => $raw =~ /^HEAD / ? 1 : 0 };

    syswrite $s, $raw;

    return $sent;
}


sub read_answer {
    my ($sent, $timeout) = @_;

    my $end = $sent->{start} + ($timeout || 30);
    my $select = IO::Select->new($sent->{socket});
    my $got = '';

    while ((my $left = $end - time()) > 0) {
        next if !$select->can_read($left);
        last if !sysread $sent->{socket}, $got, 65536, length $got;
    }

    close $sent->{socket};

    my $answer = answer($got, $sent->{head});
    $answer->{time} = time() - $sent->{start};

    return $answer;
}


# whether any of it is there

sub is_answered {
    my ($sent) = @_;

    return scalar IO::Select->new($sent->{socket})->can_read(0);
}


sub answer {
    my ($raw, $is_head) = @_;

    my ($head, $body) = split /\r\n\r\n/, $raw, 2;
    $head = '' if !defined $head;

    my ($code) = $head =~ m{^HTTP/1\.[01] (\d+)};
    my %h;

    while ($head =~ /^([^:\r\n]+): *([^\r\n]*)/mg) {
        my $name = lc $1;
        $h{$name} = defined $h{$name} ? "$h{$name}, $2" : $2;
    }

    my $whole = defined $body ? 1 : 0;
    $body = '' if !$whole;

    if (($h{'transfer-encoding'} || '') eq 'chunked') {
        ($body, $whole) = _unchunk($body);

    } elsif (defined $h{'content-length'} && !$is_head) {
        $whole = length $body == $h{'content-length'};
    }

    my $of = sub { defined $h{$_[0]} ? $h{$_[0]} : '' };

    return {
        code => $code || 0, headers => \%h, body => $body, whole => $whole,
        cache => $of->('x-cache'), tier => $of->('x-tier'),
        reason => $of->('x-reason'),
    };
}


sub _unchunk {
    my ($in) = @_;

    my $out = '';

    while ($in =~ /\G([0-9a-f]+)\r\n/gci) {
        my $n = hex $1;
        return ($out, 1) if $n == 0;
        $out .= substr $in, pos $in, $n;
        pos($in) += $n + 2;
        last if pos($in) > length $in;
    }

    return ($out, 0);
}


# A member of hc_status, the sum over all zones or servers.

sub status_of {
    my ($kind, $name) = @_;

    my $json = HC::status_json('/status') or return 'no status';
    my $sum = 0;

    $sum += $_->{$name} for values %{ $json->{$kind} };

    return $sum;
}


# --- redis -------------------------------------------------------------------

sub redis_bulk {
    my ($redis, $key) = @_;

    my $reply = HC::redis_command($redis, 'GET', $key);

    return $reply =~ /^\$(\d+)\r\n/ ? substr $reply, $+[0], $1 : undef;
}


# Names of the stored values.

sub redis_keys {
    my ($redis) = @_;

    my $reply = HC::redis_command($redis, 'EVAL',
        "return table.concat(redis.call('KEYS', '*'), '\\n')", 0);

    $reply =~ s/^\$\d+\r\n// or return;
    $reply =~ s/\r\n\z//;

    my @keys = sort grep { /:1:/ } split /\n/, $reply;

    return @keys;
}


# Stores happen after the client has its answer: waits for the n-th key.

sub l2_stored {
    my ($redis, $n) = @_;

    return HC::wait_until(sub { redis_keys($redis) >= ($n || 1) });
}


# As a crash; its directory stays.

sub redis_kill {
    my ($redis) = @_;

    kill KILL => $redis->{pid};
    waitpid $redis->{pid}, 0;
}


# --- nginx -------------------------------------------------------------------

# Stops it and starts it anew: L1 is empty then.

sub nginx_restart {
    my $master = HC::master_pid() or die 'no nginx to restart';
    my $root = Test::Nginx::Util::server_root();
    my $port = Test::Nginx::Util::server_port();

    kill QUIT => $master;

    HC::wait_until(sub { !_lives($master) })
        or die 'nginx does not stop';

    my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';

    system("$nginx -e $root/logs/error.log -p $root/ "
           . "-c $root/conf/nginx.conf >/dev/null") == 0
        or die 'nginx does not start again';

    HC::wait_until(sub {
        HC::master_pid()
        && IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 1)
    }) or die 'nginx does not answer again';
}


# a zombie that nobody waits for is dead, too

sub _lives {
    my ($pid) = @_;

    open my $in, '<', "/proc/$pid/stat" or return 0;

    return <$in> !~ /\) [ZX] /;
}


# --- fills that the app holds ------------------------------------------------

# A fill of $uri that the app has taken but not answered; what else its answer
# shall be.

sub begin_fill {
    my ($uri, $words) = @_;

    my $n = $app->requests;
    my $fill = send_get($uri, app => join ' ', 'gate=fill', $words || ());

    HC::wait_until(sub { $app->requests > $n })
        or Test::More::fail('the app was asked');

    return $fill;
}


# Its answer, when its cleanup is done, and what it may have sent to redis.

sub finish_fill {
    my ($fill) = @_;

    $app->open_gate('fill');
    my $got = read_answer($fill);

    HC::wait_until(sub { status_of(l2 => 'in_flight') == 0 });

    return $got;
}


# --- blocks ------------------------------------------------------------------

sub _prepare {
    my ($block) = @_;

    no strict 'refs';

    for my $section (qw(http_config config)) {
        if (!defined $block->$section && defined ${"main::$section"}) {
            $block->set_value($section, ${"main::$section"});
        }
    }

    my %want = map { $_ => 1 }
               split ' ', defined $block->uses ? $block->uses : '';

    if ($want{redis} || $want{redis_unix}) {
        $redis = HC::redis_start(unix => $want{redis_unix});
        $ENV{TEST_NGINX_REDIS_PORT} = $redis->{port} || HC::free_port();
        $ENV{TEST_NGINX_REDIS_SOCKET} = $redis->{socket};
    }

    if ($want{slow}) {
        $slow = HC::Slow->start(to => $redis->{port});
        $ENV{TEST_NGINX_SLOW_PORT} = $slow->{port};
    }

    if ($want{app}) {
        $app = $the_app ||= HC::Told->start;
        $app->clear;
        $ENV{TEST_NGINX_APP_PORT} = $app->{port};
    }

    $ENV{TEST_NGINX_DEAD_PORT} = HC::free_port();
}


sub _clean_up {
    $slow->stop if $slow;

    if ($redis) {
        my $dir = $redis->{dir};
        HC::redis_stop($redis);
        remove_tree($dir);
    }

    $app->resume if $app && !$app->{pid};

    undef $_ for $slow, $redis, $app;
}


Test::Nginx::Util::add_block_preprocessor(\&_prepare);
Test::Nginx::Util::add_test_cleanup_handler(\&_clean_up);
Test::Nginx::Util::no_root_location();

my $request = $Test::Nginx::Util::RunTestHelper;

$Test::Nginx::Util::RunTestHelper = sub {
    my ($block, $dry_run, $i) = @_;

    if (!defined $block->steps) {
        return $request->($block, $dry_run, $i);
    }

    (my $name = $block->name) =~ s{^\S+ }{};
    Test::More::note($name);

    local $Test::More::Level = $Test::More::Level;
    my $line = '# line 1 "' . $name . '"';
    eval "package main; no strict 'vars';\n$line\n" . $block->steps . "\n; 1"
        or Test::More::fail("$name: " . ($@ || 'died'));

    $Test::Nginx::Util::CheckErrorLog->($block, undef, $dry_run, $i, 0);
};


1;
