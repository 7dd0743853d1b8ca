# hc_cache_background_update: what expired is given at once, and a request
# without a client brings the new answer.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use Time::HiRes qw(sleep time);

use constant LIFETIME => 0.05;        # s, hc_cache_valid below
use constant REFRESHES => 1000;
use constant GROWTH => 400;           # kB of a worker, after as many


my $app = HC::App->start;
my $other = HC::App->start;
my $h2_port = HC::free_port();
my $tls_port = HC::free_port();
my $proxy_port = HC::free_port();

my $pem = File::Temp->new;
print $pem scalar qx(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 -keyout - 2>/dev/null);
$pem->flush;

my $nginx = HC::Nginx->start(
    APP => $app->port, OTHER => $other->port, H2 => $h2_port,
    TLS => $tls_port, PROXY => $proxy_port, PEM => $pem->filename,
    workers => 1, level => 'info', http => <<'END');

    hc_zone zone=pages:8m max_object=1m;
    hc_cache_valid 200 50ms;
    hc_cache_background_update on;
    hc_cache_use_stale error timeout updating http_500 http_503;

    limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;

    log_format asked '$request_uri $hc_cache_status';

    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;

    map $ssl_protocol $without_tls { default ""; "" 1; }

    upstream app {
        server 127.0.0.1:%APP%;
        keepalive 8;
    }

    proxy_http_version 1.1;
    proxy_set_header Connection "";

    lingering_close always;

    server {
        listen 127.0.0.1:%PORT%;
        access_log %DIR%/logs/asked.log asked;

        location / {
            hc_cache pages;
            proxy_pass http://app;
        }

        location /off {
            hc_cache pages;
            hc_cache_background_update off;
            proxy_pass http://app;
        }

        location /word {
            hc_cache pages;
            hc_cache_use_stale error;
            proxy_pass http://app;
        }

        location /fast {
            hc_cache pages;
            hc_cache_valid 200 1ms;
            proxy_pass http://app;
        }

        location /limited {
            limit_req zone=one burst=1 nodelay;
            hc_cache pages;
            proxy_pass http://app;
        }

        location /otherwise {
            hc_cache pages;
            hc_cache_use_stale updating;
            proxy_intercept_errors on;
            proxy_connect_timeout 5s;
            proxy_pass http://127.0.0.1:%APP%;
            error_page 404 500 502 503 504 = @other;
        }

        location @other {
            proxy_pass http://127.0.0.1:%OTHER%;
        }

        location ~ ^/captured/(\w+)$ {
            hc_cache pages;
            set $name $1;
            proxy_pass http://app/named/$name?at=$remote_addr&field=$http_x_it;
        }

        location /tried {
            try_files /nothing @tried;
        }

        location @tried {
            hc_cache pages;
            proxy_pass http://app;
        }

        location /ssi/ {
            ssi on;
            default_type text/html;
            return 200 '<!--#include virtual="/inner$uri?$args" -->';
        }

        location /inner/ {
            internal;
            hc_cache pages;
            proxy_pass http://app;
        }

        location /sent {
            hc_cache pages;
            proxy_pass http://app;
        }

        location = /connection {
            hc_cache pages;
            hc_cache_key $uri$connection;
            proxy_pass http://app;
        }

        location = /stub {
            stub_status;
        }
    }

    server {
        listen 127.0.0.1:%H2% http2;
        http2_max_concurrent_streams 8;

        location / {
            hc_cache pages;
            hc_cache_key h2$uri;
            proxy_pass http://app$uri?protocol=$server_protocol;
        }
    }

    server {
        listen 127.0.0.1:%TLS% ssl;
        listen 127.0.0.1:%PROXY% proxy_protocol;
        ssl_certificate %PEM%;
        ssl_certificate_key %PEM%;

        location / {
            hc_cache pages;
            hc_no_cache $without_tls;
            proxy_pass http://app$uri?hold=1&scheme=$scheme&by=$ssl_protocol;
        }

        location /proxied {
            hc_cache pages;
            proxy_pass http://app$uri?from=$proxy_protocol_addr;
        }
    }
END


sub get {
    my ($uri, $headers) = @_;

    my $answer = HC::Client->new($nginx->port)->get($uri, $headers)
                 || { head => '', body => '' };

    return $answer;
}

sub cache_of { return $_[0]{head} =~ /^X-Cache: (\w+)/mi ? $1 : '' }
sub version_of { return $_[0]{body} =~ /^(\w+) / ? $1 : '' }
sub said { return join ' ', cache_of($_[0]), version_of($_[0]) }

sub expire { sleep LIFETIME * 1.2 }


# Of the first version there is a copy, which has expired, of the second none.

sub expired {
    my ($uri, $get) = @_;

    $get ||= \&get;

    $app->release;
    $app->set('one');
    is(version_of($get->($uri)), 'one', "$uri: stored");
    $app->hold_again;
    $app->set('two');
    expire();
}


# stale while it is asked for, and then as the app says now

sub refreshes {
    my ($name, $uri, $get) = @_;

    $get ||= \&get;

    expired($uri, $get);
    my $asked = $app->count;

    is(version_of($get->($uri)), 'one', "$name: the expired one is given");
    ok(HC::wait_until(sub { $app->count > $asked }), "$name: the app is asked");
    $app->release;

    my @by_clients;

    ok(HC::wait_until(sub {
        my $answer = $get->($uri);
        push @by_clients, $uri if cache_of($answer) =~ /EXPIRED|MISS/;
        return version_of($answer) eq 'two';
    }), "$name: and what it says is given next");
    is(@by_clients, 0, "$name: no client had to ask");
}


sub curl {
    my (@options) = @_;

    open my $curl, '-|', 'curl', '-s', '-i', '-k', '--max-time', 30, @options
        or die "curl: $!";
    local $/;
    my ($head, $body) = split /\r\n\r\n/, <$curl>, 2;

    return { head => $head, body => $body };
}


sub connects_failed {
    return scalar(() = $nginx->log =~ /connect\(\) failed/g);
}


sub asked_lines {
    my ($uri) = @_;

    open my $in, '<', $nginx->dir . '/logs/asked.log' or return;

    return scalar grep { index($_, $uri) == 0 } <$in>;
}


sub memory_of {
    my ($pid) = @_;

    open my $in, '<', "/proc/$pid/status" or return;
    my ($kb) = join('', <$in>) =~ /^VmRSS:\s+(\d+)/m;

    return $kb;
}

sub files_of { return scalar(() = glob "/proc/$_[0]/fd/*") }


# --- what a client sees ------------------------------------------------------

{
    my $uri = '/held?hold=1';
    expired($uri);

    my $client = HC::Client->new($nginx->port, keep => 1);
    my @got = map { said($client->get($uri)) } 1 .. 3;

    is_deeply(\@got, [('UPDATING one') x 3],
              'the app is asked and silent: the expired answer at once, '
              . 'also to who asks again on that connection');
    is($app->count(qr{^/held}), 2, 'one request at a time asks');
    like($client->get($uri)->{head}, qr/^X-Tier: L1\r?$/m, 'it is from L1');

    $app->release;
    ok(HC::wait_until(sub { version_of($client->get($uri)) eq 'two' }),
       'then the new one is given');

    my $answers = $client->{answers} + 1;
    ok(HC::wait_until(sub { asked_lines($uri) >= $answers }),
       'the access log has the requests of clients');
    is(asked_lines("$uri EXPIRED"), 0, 'alone');
}

{
    my ($uri, $word) = ('/off', '/word');

    expired($uri);
    is(said(get($uri)), 'EXPIRED two', 'without the directive the app is asked');
    expired($word);
    is(said(get($word)), 'EXPIRED two', 'so it is without the word "updating"');
}


# --- when the app fails ------------------------------------------------------

{
    my $uri = '/page';
    expired($uri);
    expired('/otherwise');
    $app->stop;

    is(said(get($uri)), 'UPDATING one', 'the app is down: the expired one');
    ok(HC::wait_until(sub { connects_failed() == 1 }), 'it was asked');
    is(said(get($uri)), 'UPDATING one', 'the expired one stays');
    is(connects_failed(), 1, 'the app is left alone for a while');

    is(said(get('/otherwise')), 'UPDATING one', 'a failure for error_page');
    ok(HC::wait_until(sub { connects_failed() == 2 }), 'is met');
    is($other->count, 0, 'and error_page is not followed');
    is(said(get('/otherwise')), 'EXPIRED one', 'it is for clients');
    is($other->count, 1, 'who are given what it says');

    $app->start;
    ok(HC::wait_until(sub { expire(); version_of(get($uri)) eq 'two' }),
       'the app is back, and asked again');
}


# --- the request that asks ---------------------------------------------------

{
    refreshes('a capture and a variable', '/captured/page', sub {
        return get($_[0], "X-It: so\r\nRange: bytes=0-5\r\n"
                          . "If-None-Match: \"x\"\r\n");
    });
    is($app->count(qr{^/named/(?!page\?at=127\.0\.0\.1&field=so$)}), 0,
       "it is sent what the client's would be");
}

refreshes('arguments and an escaped target', '/a%20b%2Fc?x=%31&y');
refreshes('an answer in pieces', '/large?size=300000');
refreshes('a location by try_files', '/tried/page');
refreshes('a subrequest, of an internal location', '/ssi/page?x=1', sub {
    return curl('http://127.0.0.1:' . $nginx->port . $_[0]);
});
refreshes('where X-Accel-Redirect led',
          '/sent?headers=X-Accel-Redirect:%20/inner/sent%0d%0a');

{
    my $client = HC::Client->new($nginx->port, keep => 1);
    my $get = sub { $client->get($_[0]) };
    my $uri = '/connection';

    expired($uri, $get);
    is(said($get->($uri)), 'UPDATING one', 'a key that is another each time');
    ok(HC::wait_until(sub { $nginx->log =~ /has another key/ }),
       'the request that asks sees it and ends');
    is($app->count(qr{^/connection}), 1, 'without the app');
    is(said($get->($uri)), 'EXPIRED two', 'the next client asks by itself');
}

{
    expired('/limited');
    is(said(get('/limited')), 'UPDATING one', 'a client within its limit');
    ok(HC::wait_until(sub { $app->count(qr{^/limited}) == 2 }),
       'limit_req does not count who asks in the background');
}


# --- other clients -----------------------------------------------------------

SKIP: {
    my $features = qx(curl -V 2>/dev/null) || '';
    skip 'needs curl with HTTP/2', 5 if $features !~ /HTTP2/;

    refreshes('HTTP/2', '/two', sub {
        return curl('--http2-prior-knowledge',
                    "http://127.0.0.1:$h2_port$_[0]");
    });
}

refreshes('TLS', '/secure', sub {
    return curl("https://127.0.0.1:$tls_port$_[0]");
});
is($app->count(qr{^/secure(?!\?hold=1&scheme=https&by=TLSv1\.\d$)}), 0,
   'TLS: the app is told so in the background, too');

refreshes('PROXY protocol', '/proxied/page', sub {
    my $text = HC::http_request("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
                                . "GET $_[0] HTTP/1.0\r\n\r\n",
                                port => $proxy_port);
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    return { head => $head, body => $body };
});
is($app->count(qr{^/proxied(?!/page\?from=192\.0\.2\.1$)}), 0,
   'PROXY protocol: with what it told');


# --- life --------------------------------------------------------------------

{
    my ($pid) = $nginx->workers;
    my $client = HC::Client->new($nginx->port, keep => 1);
    my $times = 0;

    my $round = sub {
        $times += REFRESHES;

        return HC::wait_until(sub {
            $client->get('/fast') for 1 .. 50;
            return $app->count(qr{^/fast}) >= $times;
        }, 120);
    };

    my $settled = sub {
        HC::wait_until(sub { get('/stub')->{body} =~ /Writing: 1 / });
    };

    ok($round->(), 'a thousand in the background');
    $settled->();
    my ($memory, $files) = (memory_of($pid), files_of($pid));

    ok($round->(), 'and another thousand');
    $settled->();

    my ($active) = get('/stub')->{body} =~ /Active connections: (\d+)/;
    cmp_ok($active, '<=', 2, 'the count of connections is balanced');
    ok(HC::wait_until(sub { files_of($pid) <= $files + 1 }),
       'they left no file open');

    SKIP: {
        skip 'memory under a sanitizer', 1 if $nginx->is_sanitized;

        cmp_ok(memory_of($pid) - $memory, '<', GROWTH, 'nor memory behind');
    }
}

{
    my $uri = '/leaving?hold=1';
    expired($uri);
    is(said(get($uri)), 'UPDATING one', 'asked in the background');
    $nginx->reload;
    is($nginx->workers(all => 1), 2, 'a worker that shuts down waits for it');
    $app->release;
    ok($nginx->old_workers_are_gone, 'and goes when it has its answer');
    is(version_of(get($uri)), 'two', 'which is stored');
}

$nginx->done;
done_testing();
