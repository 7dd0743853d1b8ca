# A large answer is given to those who wait for it while it still comes:
# hc_cache_stream_from.  The app sends one half and holds the other.

use strict;
use warnings;

use Test::More;

use Digest::MD5 qw(md5_hex);
use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;
use IO::Select;

use constant SIZE => 1_000_000;
use constant RANDOM => 4 * 1024 * 1024;


my $app = HC::App->start;
my $slow_port = HC::free_port();
my $files_port = HC::free_port();

# clients are spread over the workers by their ports

my $nginx = HC::Nginx->start(workers => 4, APP => $app->port,
                             SLOW => $slow_port, FILES => $files_port,
                             http => <<'END');
    hc_zone zone=pages:256m max_object=5m;

    log_format uri '$request_uri';

    add_header X-Cache $hc_cache_status;
    add_header X-Coalesced $hc_coalesced;
    add_header X-Worker $pid;

    server {
        listen 127.0.0.1:%PORT% reuseport;
        listen 127.0.0.1:%SLOW% sndbuf=16k reuseport;

        hc_cache pages;
        hc_cache_valid 200 10m;
        hc_cache_lock_timeout 20s;

        location / {
            hc_invalidate uri=$uri$is_args$args;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /random {
            proxy_pass http://127.0.0.1:%FILES%;
        }

        location /off {
            hc_cache_stream_from off;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /brief {
            hc_cache_lock_timeout 300ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /gzip {
            gzip on;
            gzip_types text/plain;
            gzip_http_version 1.0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
    }

    # not faster than others can come

    server {
        listen 127.0.0.1:%FILES%;
        root %DIR%/files;
        sendfile off;
        output_buffers 2 32k;
        access_log %DIR%/files.log uri;

        location / {
            limit_rate 2m;
        }
    }
END


# A client that has asked.

sub asks {
    my ($uri, $headers, %o) = @_;

    my $client = HC::Client->new($o{port} || $nginx->port, %o);

    $client->send($o{method} || 'GET', $uri, $headers) or die "no nginx: $!";

    return $client;
}


# Its header: what of it is asked about.  Empty: there is none in time.

sub header {
    my ($client) = @_;

    until ($client->{rest} =~ /\r\n\r\n/) { $client->more or return {} }

    ($client->{head}, $client->{rest}) = split /\r\n\r\n/, $client->{rest}, 2;

    my %is;
    $is{lc $1} = $2 while $client->{head} =~ /^([\w-]+): (.*?)\r?$/mg;

    return $client->{is} = \%is;
}


# Asks, and has its header.

sub reads {
    my $client = asks(@_);
    header($client);

    return $client;
}


# So many that read, of which one at least is in another worker.

sub readers {
    my ($n, $leader, $uri, @more) = @_;
    my @readers;

    for (1 .. 64) {
        push @readers, reads($uri, @more);

        last if @readers >= $n
                && grep { $_->{is}{'x-worker'} ne $leader->{is}{'x-worker'} }
                        @readers;
    }

    return @readers;
}


# All that still comes, to the end of the connection.

sub rest {
    my ($client) = @_;

    1 while $client->more;

    return $client->{rest};
}


# Bytes of the body in the half that is sent before the hold, as HC::App does;
# and of those nginx passes on before there is more, which is whole buffers.

sub half {
    my ($size) = @_;

    my $head = length("HTTP/1.1 200 Said\r\nContent-Type: text/plain\r\n"
                      . "Content-Length: $size\r\n\r\n");

    return int(($head + $size) / 2) - $head;
}


sub passed { return half($_[0]) - 8192 }


# How many have got exactly this much, in that version.

sub have {
    my ($version, $uri, $n, @clients) = @_;

    my ($size) = $uri =~ /size=(\d+)/;
    my $body = substr HC::App::body_of($version, $uri, $size), 0, $n;

    return scalar grep {
        my $got = $_->bytes($n);
        defined $got && $got eq $body;
    } @clients;
}


# How many get exactly that, and then the end.

sub get_all {
    my ($version, $uri, @clients) = @_;

    return scalar grep {
        my $got = HC::App::version_of(rest($_), $uri);
        defined $got && $got eq $version;
    } @clients;
}


sub silent {
    my ($client, $seconds) = @_;

    return !IO::Select->new($client->{socket})->can_read($seconds);
}


sub count { return $app->count(qr/^\Q$_[0]\E/) }
sub is_free { return HC::wait_until(sub { $nginx->zone->{pinned} == 0 }) }


# --- while it comes ----------------------------------------------------------

{
    my $uri = '/page?hold=1&delay=300&size=' . SIZE;
    my @first = map { asks($uri) } 1 .. 8;

    header($_) for @first;

    my ($leader) = grep { $_->{is}{'x-cache'} eq 'MISS' } @first;
    my @waiters = grep { $_ != $leader } @first;

    is(scalar(grep { $_->{is}{'x-cache'} eq 'HIT'
                     && $_->{is}{'x-coalesced'}
                     && $_->{is}{'age'} == 0
                     && $_->{is}{'content-length'} == SIZE } @waiters),
       7, 'those who wait get the header of a shared hit');
    is(have('one', $uri, passed(SIZE), $leader, @waiters), 8,
       'they get the first half before the app has sent the second');

    my @late = readers(3, $leader, $uri);

    cmp_ok(scalar(grep { $_->{is}{'x-worker'} ne $leader->{is}{'x-worker'} }
                       @late), '>=', 1, 'some of them in another worker');
    is(have('one', $uri, passed(SIZE), @late), scalar @late,
       'those who come later get what is there at once');

    my $gone = reads($uri);
    $gone->close;

    my $head = reads($uri, '', method => 'HEAD');
    is("@{$head->{is}}{qw(x-cache content-length)}", 'HIT ' . SIZE,
       'HEAD gets the header');
    is(rest($head), '', 'and nothing more, before the app has gone on');

    my $range = asks($uri, "Range: bytes=5-9\r\n");
    my $since = asks($uri, "If-Modified-Since: "
                           . "Thu, 01 Jan 2099 00:00:00 GMT\r\n");

    ok(silent($range, 0.2), 'who wants a part waits for the whole');

    $app->release;

    my $body = HC::App::body_of('one', $uri, SIZE);
    my $left = substr $body, passed(SIZE);

    is(scalar(grep { rest($_) eq $left } $leader, @waiters, @late),
       8 + @late, 'all get the second half');
    is(header($range)->{'content-range'}, 'bytes 5-9/' . SIZE,
       'a part is a part of the whole');
    is(rest($range), substr($body, 5, 5), 'and the right one');
    like((header($since), $since->{head})[1], qr{^HTTP/1.1 200 },
         'a condition is judged as ever');

    my $again = reads($uri);
    is($again->{is}{'x-cache'}, 'HIT', 'it is stored');
    is($again->{is}{'x-coalesced'}, undef, 'for everybody');
    is(get_all('one', $uri, $again), 1, 'as it was sent');
    is(count($uri), 1, 'the app was asked once');
    ok(is_free(), 'nothing stays pinned');
}


# --- a key whose answer is moved by a write meanwhile --------------------------

{
    my $uri = '/written?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri);
    my @before = readers(2, $leader, $uri);

    HC::Client->new($nginx->port)->ask('POST', "$uri&set=two");
    HC::Client->new($nginx->port)->ask('POST', $uri);

    my $after = asks($uri);
    ok(silent($after, 0.2), 'who asks after a write is not given what was');

    $app->release;

    is(get_all('one', $uri, $leader, @before), 1 + @before,
       'those who asked before it get all of that');
    header($after);
    is(get_all('two', $uri, $after), 1, 'who asked after it gets the new one');
    is(reads($uri)->{is}{'x-cache'}, 'HIT', 'which is stored');
    $app->set('one');
    ok(is_free(), 'nothing stays pinned');
}


# --- it ends too early ---------------------------------------------------------

{
    my $uri = '/cut?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri);
    my @readers = readers(4, $leader, $uri);

    is(have('one', $uri, passed(SIZE), @readers), scalar @readers,
       'readers have of a half what nginx has passed on, when it is cut');

    $app->stop;
    is(scalar(grep { length(rest($_)) == half(SIZE) - passed(SIZE) } @readers),
       scalar @readers, 'they get all of that, and an aborted connection');

    $app->start;
    $app->release;

    my $next = reads($uri);
    is($next->{is}{'x-cache'}, 'MISS', 'what was cut is not stored');
    is(get_all('one', $uri, $next), 1, 'the next request asks the app');
    is(count($uri), 2, 'once');
    ok(is_free(), 'nothing stays pinned');
}

{
    my $uri = '/cut/slow?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri, '', port => $slow_port, rcvbuf => 4096);
    my @readers = map { reads($uri, '', timeout => 20) } 1 .. 3;

    ok(HC::wait_until(sub { count($uri) }), 'the app is asked for a slow one');
    $app->stop;

    is(scalar(grep { length(rest($_)) == half(SIZE) && defined $_->more }
                   @readers),
       3, 'a cut ends others at once, while the slow one takes its time');
    ok(is_free(), 'nothing stays pinned');

    $leader->close;
    $app->start;
    $app->release;
}

{
    my $uri = '/killed?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri);
    my @readers = grep { $_->{is}{'x-worker'} ne $leader->{is}{'x-worker'} }
                       readers(4, $leader, $uri);

    is(have('one', $uri, passed(SIZE), @readers), scalar @readers,
       'readers have one half of what a worker fills that is then killed');

    $nginx->may_log(qr/exited on signal 9/);
    kill KILL => $leader->{is}{'x-worker'};

    is(scalar(grep { length(rest($_)) <= half(SIZE) - passed(SIZE) } @readers),
       scalar @readers, 'they get no more than that, and an aborted connection');

    $app->release;

    my $next = reads($uri);
    is($next->{is}{'x-cache'}, 'MISS', 'nothing of it is stored');
    is(get_all('one', $uri, $next), 1, 'the next request asks the app');
    is(count($uri), 2, 'once');
    ok(is_free(), 'nothing stays pinned');

    ok(HC::wait_until(sub { $nginx->workers == 4 }), 'the worker is back');
}


# --- the lease's time is not that of the body ----------------------------------

{
    my $uri = '/brief?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri);
    my @readers = readers(2, $leader, $uri);

    have('one', $uri, passed(SIZE), @readers);

    # one that waits for the end gives up
    my $range = asks($uri, "Range: bytes=0-9\r\n");
    ok(HC::wait_until(sub { count($uri) == 2 }), 'a wait takes its time');

    $app->release;

    my $left = substr HC::App::body_of('one', $uri, SIZE), passed(SIZE);

    is(scalar(grep { rest($_) eq $left } @readers), scalar @readers,
       'an app that is silent for longer cuts nobody who reads');
    rest($_) for $leader, $range;
    ok(is_free(), 'nothing stays pinned');
}


# --- what is not streamed ------------------------------------------------------

for (['/small?hold=1&size=200000', 'below hc_cache_stream_from'],
     ['/off?hold=1&size=' . SIZE, 'with hc_cache_stream_from off'],
     ['/vary?hold=1&headers=Vary:%20X-Kind%0d%0a&size=' . SIZE, 'with Vary'])
{
    my ($uri, $what) = @$_;

    $app->hold_again;

    my $leader = reads($uri);
    my $waiter = asks($uri);

    ok(silent($waiter, 0.2), "$what: waits for the end");

    $app->release;

    is(header($waiter)->{'x-cache'}, 'HIT', "$what: which is shared");
    is(get_all('one', $uri, $leader, $waiter), 2, "$what: whole");
    is(count($uri), 1, "$what: the app was asked once");
}

{
    my $uri = '/huge?hold=1&size=6000000';

    $app->hold_again;

    my $leader = reads($uri);
    my @others = map { reads($uri) } 1 .. 2;

    is(join(' ', map { $_->{is}{'x-cache'} } @others), 'MISS MISS',
       'nobody waits for what is more than max_object');

    $app->release;

    is(get_all('one', $uri, $leader, @others), 3, 'it is passed on');
    is(reads($uri)->{is}{'x-cache'}, 'MISS', 'and not stored');
}


# --- slow readers --------------------------------------------------------------

{
    mkdir $nginx->dir . '/files' or die $!;

    my $body = join '', map { pack 'N*', map { rand 2 ** 32 } 1 .. 1024 }
                        1 .. RANDOM / 4096;

    open my $out, '>:raw', $nginx->dir . '/files/random' or die $!;
    print $out $body;
    close $out;

    my $uri = '/random';
    my $leader = reads($uri);
    my @fast = readers(3, $leader, $uri);
    my @slow = map { reads($uri, '', port => $slow_port, rcvbuf => 4096) }
                   1 .. 3;

    is(scalar(grep { $_->{is}{'x-coalesced'} } @fast, @slow), @fast + @slow,
       'fast and slow ones read while it comes');

    my $hash = md5_hex($body);

    is(scalar(grep { md5_hex(rest($_)) eq $hash } $leader, @fast), 1 + @fast,
       'the slow ones hold up nobody, and all bytes are right');

    # the lease is another's by now, and the page too
    for (1 .. 3) {
        HC::Client->new($nginx->port)->ask('POST', $uri);
        rest(reads($uri));
    }

    is(scalar(grep { md5_hex(rest($_)) eq $hash } @slow), @slow,
       'the slow ones get all bytes right');

    ok(is_free(), 'nothing stays pinned');
}

{
    my $uri = '/gzip?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri);
    my ($plain) = readers(1, $leader, $uri);
    my $coded = reads($uri, "Accept-Encoding: gzip\r\n");

    is($coded->{is}{'content-encoding'}, 'gzip', 'a stream can be coded');
    ok($coded->bytes(100), 'and comes as it is made');

    $app->release;

    is(get_all('one', $uri, $plain), 1, 'for each as it can');
    like(rest($coded), qr/\r\n0\r\n\r\n\z/, 'to the end');
    rest($leader);
}


# --- a reload in the middle ----------------------------------------------------

{
    my $uri = '/reload?hold=1&size=' . SIZE;

    $app->hold_again;

    my $leader = reads($uri);
    my @old = readers(2, $leader, $uri);

    ok($nginx->reload, 'nginx is reloaded while an answer comes');

    my @new = map { reads($uri) } 1 .. 2;

    is(scalar(grep { $_->{is}{'x-coalesced'} } @new), 2,
       'new workers give what an old one fills');

    $app->release;

    is(get_all('one', $uri, $leader, @old, @new), 3 + @old,
       'to the end');
    is(count($uri), 1, 'the app was asked once');
    ok(is_free(), 'nothing stays pinned');
}


# --- what it does not take -----------------------------------------------------

for my $value ('0', '12x', '-1', '') {
    $nginx->configure(http => "hc_cache_stream_from '$value';");

    my ($code, $said) = $nginx->test_configuration;

    is($code, 1, "hc_cache_stream_from '$value' is refused");
    like($said, qr/expects a size, as in 256k, or "off"/, 'with a reason');
}

$nginx->done;

done_testing();
