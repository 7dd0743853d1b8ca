package HC;

# Test::Nginx::Socket for this module.
#
#     use HC;
#
#     plan('no_plan');
#     run_tests();
#
#     __DATA__
#
# is all of Test::Nginx::Socket, and beside it
#
#   - the module is loaded (HC_MODULE, else build/ngx_http_hc_module.so), nginx
#     has a master and two workers, its own port and its own directory below
#     build/t, so suites can run side by side
#   - every block also asserts that error.log, up to the end of nginx, has no
#     [alert], no [emerg] and no sanitizer report.  A block that provokes one
#     says so, a Perl regex a line:
#
#         --- may_log
#         worker process \d+ exited on signal 9
#
#   - `--- with: redis` (or `redis_unix`) starts a private Redis for the block;
#     $TEST_NGINX_REDIS_PORT and $TEST_NGINX_REDIS_SOCKET are its address
#   - the functions below, for suites that need more than one request after
#     another.

use strict;
use warnings;

use Cwd ();
use File::Basename qw(basename);
use File::Path qw(make_path remove_tree);
use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

my $TOP;
my $ROOT;
my $OWN_ROOT;

# Test::Nginx reads these when it is loaded

BEGIN {
    ($TOP = Cwd::abs_path(__FILE__)) =~ s{/t/lib/HC\.pm$}{};

    (my $suite = basename($0)) =~ s/\.t$//;

    if (!defined $ENV{TEST_NGINX_SERVROOT}) {
        make_path("$TOP/build/t");
        $ENV{TEST_NGINX_SERVROOT} = "$TOP/build/t/$suite-$$";
        $OWN_ROOT = 1;
    }

    $ROOT = $ENV{TEST_NGINX_SERVROOT};

    my $module = $ENV{HC_MODULE} || "$TOP/build/ngx_http_hc_module.so";

    if (!defined $ENV{TEST_NGINX_LOAD_MODULES}) {
        $ENV{TEST_NGINX_LOAD_MODULES} = $module;
    }

    if (!defined $ENV{TEST_NGINX_BINARY} && $ENV{HC_NGINX}) {
        $ENV{TEST_NGINX_BINARY} = $ENV{HC_NGINX};
    }

    # Debian's nginx is in sbin, which is not in everybody's path
    $ENV{PATH} .= ':/usr/sbin:/sbin';

    # for an answer, and for the end of nginx, on a busy machine
    $ENV{TEST_NGINX_TIMEOUT} ||= 20;

    # a directory that cannot be used is seen at once
    $ENV{TEST_NGINX_REDIS_PORT} ||= 0;
    $ENV{TEST_NGINX_REDIS_SOCKET} ||= '';
}

my $MAIN_PID = $$;
my %SERVERS;            # pid -> what else belongs to it

# Test::Nginx stops its nginx in an END of its own.  ENDs run last first: this
# one stands before it is loaded, so that it runs when nginx is gone.

END {
    if ($$ == $MAIN_PID) {
        my $rc = $?;

        HC::redis_stop($_) for values %SERVERS;

        if ($OWN_ROOT && $rc == 0 && Test::More->builder->is_passing) {
            remove_tree($ROOT);
        }

        $? = $rc;
    }
}

use Test::Nginx::Socket -Base;

our @EXPORT = qw(
    wait_until free_port http_get http_request
    redis_start redis_stop redis_freeze redis_thaw redis_command
    worker_pids master_pid error_log_text status_json
);

# What must not be in error.log beside what a block declares.

my $FORBIDDEN = qr/\[(?:alert|emerg)\]|Sanitizer|runtime error:/;

my $BLOCK_REDIS;


# --- functions ---------------------------------------------------------------

# (inside a Spiffy class every sub has $self; these are plain functions)

no warnings 'redefine';

# wait_until(sub { ... }, $seconds): the true value, or nothing when the time
# is over; by default one that only what never happens takes.

*wait_until = sub {
    my ($true, $seconds) = @_;

    my $end = time() + (defined $seconds ? $seconds : 30);

    while (1) {
        my $value = $true->();

        return $value if $value;
        return if time() > $end;

        sleep(0.01);
    }
};


# None of those that a connection may get for its own end.

*free_port = sub {
    for (1 .. 1000) {
        my $port = 10_000 + int rand 20_000;

        return $port if IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1);
    }

    die "no free port: $!";
};


# redis_start(unix => 1, port => $port, args => [...]): a private Redis that
# answers, as { pid, port, socket, dir }.

*redis_start = sub {
    my %o = @_;

    my $dir = File::Temp::tempdir('hc-redis.XXXXXX', TMPDIR => 1);
    my $port = $o{unix} ? 0 : $o{port} || free_port();
    my $redis = { port => $port, socket => "$dir/redis.sock", dir => $dir };

    my @command = ('redis-server', '--port', $port, '--bind', '127.0.0.1',
                   '--unixsocket', $redis->{socket}, '--dir', $dir,
                   '--save', '', '--appendonly', 'no',
                   '--enable-debug-command', 'local',
                   @{ $o{args} || [] });

    my $pid = fork();
    defined $pid or die "fork: $!";

    if ($pid == 0) {
        open STDOUT, '>', "$dir/log" or POSIX::_exit(1);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
        exec @command or POSIX::_exit(127);
    }

    $redis->{pid} = $pid;
    $SERVERS{$pid} = $redis;

    wait_until(sub { redis_command($redis, 'PING') =~ /^\+PONG/ })
        or die "redis-server does not answer: see $dir/log";

    return $redis;
};


*redis_stop = sub {
    my ($redis) = @_;

    return if !$redis || !delete $SERVERS{$redis->{pid}};

    my $pid = $redis->{pid};

    # what is frozen does not see TERM
    kill CONT => $pid;
    kill TERM => $pid;

    if (!wait_until(sub { waitpid($pid, POSIX::WNOHANG()) != 0 }, 5)) {
        kill KILL => $pid;
        waitpid($pid, 0);
    }

    remove_tree($redis->{dir});
};


*redis_freeze = sub { kill STOP => $_[0]{pid} };
*redis_thaw   = sub { kill CONT => $_[0]{pid} };


# redis_command($redis, 'SET', 'key', $value): the raw reply, '' when there is
# none for a while.  A bulk reply comes whole.

*redis_command = sub {
    my ($redis, @args) = @_;

    my $s = $redis->{port}
            ? IO::Socket::INET->new(PeerAddr => "127.0.0.1:$redis->{port}",
                                    Timeout => 10)
            : IO::Socket::UNIX->new(Peer => $redis->{socket});

    return '' if !$s;

    print $s '*', scalar(@args), "\r\n",
             map { '$' . length($_) . "\r\n$_\r\n" } @args;
    $s->flush;

    my $reply = '';

    wait_until(sub {
        vec(my $in = '', fileno($s), 1) = 1;

        if (select($in, undef, undef, 0.05)) {
            sysread($s, $reply, 65536, length $reply) or return 1;
        }

        return $reply =~ /^\$(\d+)\r\n/ ? length($reply) >= $+[0] + $1 + 2
                                         : $reply =~ /\r\n/;
    }, 10);

    return $reply;
};


# http_request($raw, port => $port, timeout => $seconds): everything until the
# other side closes; send Connection: close.

*http_request = sub {
    my ($raw, %o) = @_;

    my $port = $o{port} || server_port();
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 20)
        or return '';

    local $SIG{PIPE} = 'IGNORE';
    my $end = time() + ($o{timeout} || 30);
    my $got = '';

    syswrite($s, $raw);

    while (time() < $end) {
        vec(my $in = '', fileno($s), 1) = 1;
        next if !select($in, undef, undef, 0.1);
        last if !sysread($s, $got, 65536, length $got);
    }

    return $got;
};


# http_get('/uri', headers => "Name: value\r\n", ...): as http_request

*http_get = sub {
    my ($uri, %o) = @_;

    my $method = $o{method} || 'GET';
    my $body = defined $o{body} ? $o{body} : '';
    my $length = defined $o{body} ? 'Content-Length: ' . length($body) . "\r\n"
                                  : '';

    return http_request("$method $uri HTTP/1.1\r\n"
                        . 'Host: ' . ($o{host} || 'localhost') . "\r\n"
                        . "Connection: close\r\n$length"
                        . ($o{headers} || '') . "\r\n$body", %o);
};


*master_pid = sub {
    open my $in, '<', "$ROOT/logs/nginx.pid" or return;
    my $pid = <$in>;

    return $pid =~ /(\d+)/ ? $1 : undef;
};


# worker_pids(): children of the master that are alive

*worker_pids = sub {
    my $master = master_pid() or return;
    my @pids;

    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in>;
        next if !defined $line;

        if ($line =~ /^(\d+) \(nginx.*\) (\S) (\d+) /
            && $3 == $master && $2 ne 'Z')
        {
            push @pids, $1;
        }
    }

    return sort { $a <=> $b } @pids;
};


*error_log_text = sub {
    open my $in, '<', "$ROOT/logs/error.log" or return '';
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
};


# status_json('/status'): what an hc_status location says, decoded

*status_json = sub {
    my ($uri, %o) = @_;

    require JSON::PP;

    my $answer = http_get($uri, %o);
    $answer =~ s/^.*?\r\n\r\n//s;

    return eval { JSON::PP->new->decode($answer) };
};


# --- what every block gets ---------------------------------------------------

# For no_error_log: a forbidden word on a line that no may_log excuses.

my $forbidden = sub {
    my ($block) = @_;

    my @may = grep { /\S/ } split /\n/, defined $block->may_log
                                        ? $block->may_log : '';
    my $excused = @may ? '(?!.*(?:' . join('|', @may) . '))' : '';

    return qr/^$excused.*(?:$FORBIDDEN)/;
};


my $append = sub {
    my ($block, $section, $more) = @_;

    my $old = $block->$section;

    my @old = !defined $old ? ()
              : ref $old eq 'ARRAY' ? @$old
              : ref $old ? ($old)
              : grep { length } split /\n+/, $old;

    $block->set_value($section, [@old, $more]);
};


add_block_preprocessor(sub {
    my ($block) = @_;

    # Test::Nginx looks at one of them
    if (defined $block->response_headers
        && defined $block->response_headers_like)
    {
        die $block->name, ": response_headers and response_headers_like\n";
    }

    # one that is to be refused has nothing but [emerg] to say
    if (!defined $block->must_die) {
        my $pattern = $forbidden->($block);

        $append->($block, 'no_error_log', $pattern);
        $append->($block, 'no_shutdown_error_log', $pattern);
    }

    my $with = defined $block->with ? $block->with : '';

    if ($with =~ /\bredis(_unix)?\b/) {
        $BLOCK_REDIS = redis_start(unix => $1);
        $ENV{TEST_NGINX_REDIS_PORT} = $BLOCK_REDIS->{port};
        $ENV{TEST_NGINX_REDIS_SOCKET} = $BLOCK_REDIS->{socket};
    }
});


add_test_cleanup_handler(sub {
    redis_stop($BLOCK_REDIS);
    undef $BLOCK_REDIS;
});


master_on();
workers(2);
worker_connections(256);
no_long_string();

if (!defined $ENV{TEST_NGINX_PORT} && !defined $ENV{TEST_NGINX_SERVER_PORT}
    && !$ENV{TEST_NGINX_RANDOMIZE})
{
    # locked for as long as this suite runs, where Test::Nginx can do that
    my $port = defined &Test::Nginx::Util::gen_rand_port
               ? Test::Nginx::Util::gen_rand_port(1000, {}, 4) : free_port();

    server_port($port);
    server_port_for_client($port);
}


1;
