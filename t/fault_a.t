# Keys and poisoning: a client that sends something odd must not change what
# the next one is given.
#
# The app is a server of the same nginx.  Its body is what it was asked: the
# request line, the fields apps build links from, and X-Id, by which an answer
# is known.  "O-Name: value" is sent back as "Name: value", "O-Status: 404" is
# its status.
#
# What is sent to Redis (its keys, its commands) is in l2_redis.t and
# l2_value.t, what a purge may match in purge.t and purge_tag.t; a weak hash is
# in unit/l1, the seed of the real one in unit/base.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Client;
use HC::Nginx;
use Time::HiRes qw(time);


my @LINKS = qw(
    Forwarded Front-End-Https X-Forwarded-Host X-Forwarded-Port
    X-Forwarded-Prefix X-Forwarded-Proto X-Forwarded-Protocol
    X-Forwarded-Scheme X-Forwarded-Server X-Forwarded-Ssl X-Host
    X-Original-Host X-Original-URI X-Original-URL X-Rewrite-URL X-Url-Scheme
    X-HTTP-Method X-HTTP-Method-Override X-Method-Override
    X-Base-URL X-Envoy-Original-Host X-Envoy-Original-Path X-Forwarded-Base
    X-Forwarded-Context X-Forwarded-HTTPS X-Forwarded-Path X-Forwarded-URI
    X-Forwarded-URL X-HTTP-Host-Override X-HTTPS X-Original-Path
    X-Original-Proto X-Original-Scheme X-Override-URL X-Proxy-Host
    X-Proxy-URL X-Real-Host X-Scheme X-Script-Name
);

my @STATUSES = (400, 401, 403, 404, 405, 411, 413, 414, 415, 417, 429, 431,
                500, 501, 502, 503, 504, 505);

my $redis = HC::redis_start();

my $nginx = HC::Nginx->start(REDIS => $redis->{port}, level => 'error',
                             http => app() . <<'END');

    hc_zone zone=pages:8m;
    hc_zone zone=varied:4m;

    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        timeout 5s;
        connect_timeout 5s;
    }

    large_client_header_buffers 4 64k;
    proxy_buffer_size 64k;
    proxy_buffers 4 64k;
    client_max_body_size 1m;
    keepalive_requests 100000;

    add_header X-Cache  $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;
    add_header X-Key    $hc_cache_key always;

    server {
        listen 127.0.0.1:%PORT% default_server;
        server_name any.test;

        hc_cache pages;
        hc_cache_valid 1m;
        hc_cache_bypass $http_x_fresh;
        hc_no_cache $http_x_fresh;
        underscores_in_headers on;

        location / { proxy_pass http://app; }

        location /sent/ {
            proxy_set_header Host $http_host;
            proxy_pass http://app;
        }

        location /l2/ {
            hc_cache_l1_ttl 0;
            hc_cache_l2 shared;
            proxy_pass http://app;
        }

        location /replaced/ { proxy_pass http://app/other/; }

        location /rewritten/ {
            rewrite ^/rewritten/(.*)$ /new/$1 break;
            proxy_pass http://app;
        }

        location /args/ {
            hc_cache_args b a;
            proxy_pass http://app;
        }

        location /any/ {
            hc_cache_valid any 1m;
            proxy_pass http://app;
        }

        location /varied/ {
            hc_cache varied;
            proxy_pass http://app;
        }

        location = /status {
            hc_cache off;
            hc_status;
        }
    }
END


sub variable {
    my ($name) = @_;

    (my $variable = lc $name) =~ tr/-/_/;

    return '$http_' . $variable;
}


sub app {
    my $links = join ' ', map { variable($_) } @LINKS;
    my $status = join '', map {
        "if (\$http_o_status = $_) { return $_ \"\$http_x_id\\n\"; }\n"
    } @STATUSES;

    my $fields = join '', map {
        "add_header $_ " . variable("O-$_") . " always;\n"
    } qw(Cache-Control Vary Set-Cookie Cache-Tag);

    return <<"END";
    upstream app { server unix:%DIR%/app.sock; }

    server {
        listen unix:%DIR%/app.sock;
        large_client_header_buffers 4 128k;
        underscores_in_headers on;
        $fields
        $status
        return 200 "\$http_x_id \$request_method \$request_uri \$http_host $links\\n";
    }
END
}


# What the client makes of an answer.

sub parsed {
    my ($raw) = @_;

    my ($head, $body) = split /\r\n\r\n/, defined $raw ? $raw : '', 2;
    my ($status) = ($head || '') =~ m{^HTTP/1\.[01] (\d+)};
    my ($cache) = ($head || '') =~ /^X-Cache: *(\w+)/m;
    my ($reason) = ($head || '') =~ /^X-Reason: *(\S+)/m;
    $body = '' if !defined $body;

    return {
        status => $status || 0, head => $head || '', cache => $cache || '',
        reason => $reason || '', body => $body, id => $body =~ /^(\S+)/ && $1,
    };
}


sub ask {
    my ($uri, $headers, %o) = @_;

    return parsed(HC::http_get($uri, headers => $headers || '',
                               port => $nginx->port, %o));
}


# Bytes as they are; all that comes back, until nginx closes.

sub ask_raw {
    return HC::http_request($_[0], port => $nginx->port);
}


sub entries {
    my $zones = HC::status_json('/status', port => $nginx->port)->{zones};

    return $zones->{$_[0]}{entries};
}


subtest 'A1: what a client says of links is shown to nobody else' => sub {
    for my $tier ('', '/l2') {
        for my $name (@LINKS, 'X_Forwarded_Host', 'x-forwarded_HOST') {
            my $uri = "$tier/links/$name";
            my $poison = $name eq 'Forwarded' ? 'host=poison' : 'poison';

            ask($uri, "$name: $poison\r\n");
            ask($uri, "$name: $poison\r\n");

            my $clean = ask($uri, "X-Id: clean\r\n");
            is("$clean->{status} $clean->{id}", '200 clean', "$uri: clean");
            unlike("$clean->{head} $clean->{body}", qr/poison/,
                   "$uri: nothing of the other's");
        }
    }

    is(ask('/l2/links/X-Host')->{cache}, 'HIT', 'it was L2 that was asked');
};


subtest 'A2: the Host an answer was made for is the one it is found by' => sub {
    my $port = $nginx->port;
    my @forms = (
        ['/',                     'one.test'],
        ['/',                     'ONE.test'],
        ['/',                     'one.test.'],
        ['/',                     "one.test:$port"],
        ['/',                     'one.test:1'],
        ['/',                     'one.test:'],
        ['/',                     'evil.test'],
        ['/',                     'one.test, evil.test'],
        ['http://one.test/',      'one.test'],
        ['http://one.test/',      'evil.test'],
        ['http://evil.test/',     'one.test'],
        ['http://one.test:1/',    'one.test:1'],
        ['http://ONE.test/',      'one.test:1'],
        ['/',                     "one.test\r\nHost: evil.test"],
        ['/',                     "evil.test\r\nHost: one.test"],
        ['/',                     ''],
        ['/',                     'one.test/evil'],
        ['/',                     'one.test@evil.test'],
    );

    my $send = sub {
        my ($form, $path, $more) = @_;
        return parsed(ask_raw("GET $form->[0]$path HTTP/1.1\r\n"
            . "Host: $form->[1]\r\nConnection: close\r\n$more\r\n"));
    };

    # the host that the app saw; the port nginx listens on is as good as none
    my $host = sub {
        my ($answer) = @_;
        my (undef, undef, undef, $host) = split / /, $answer->{body};
        (my $plain = lc($host || '')) =~ s/:(?:\Q$port\E)?$//;
        return $plain;
    };

    my ($hits, $wrong, $n) = (0, '', 0);

    for my $first (@forms) {
        for my $second (@forms) {
            my $path = 'sent/' . ++$n;

            my $filled = $send->($first, $path, "X-Id: first\r\n");
            next if $filled->{status} != 200;

            my $alone = $send->($second, $path, "X-Fresh: 1\r\n");
            next if $alone->{status} != 200;

            my $got = $send->($second, $path, "X-Id: second\r\n");
            $hits++ if $got->{cache} eq 'HIT';

            if ($host->($got) ne $host->($alone)) {
                $wrong .= "\n@$first, then @$second: " . $host->($got);
            }
        }
    }

    is($wrong, '', 'everybody has the answer for their host');
    cmp_ok($hits, '>', 20, 'and there were hits');

    for my $form (@forms[13, 14, 16]) {
        is($send->($form, 'sent/refused', '')->{status}, 400,
           "refused: $form->[1]");
    }
};


# Random targets, the same in each run.  Whatever one of them is given, it is
# what the app answers to that target.

{
    my $state = 1;

    sub pick {
        my ($n) = @_;
        $state = ($state * 1103515245 + 12345) & 0x7fffffff;
        return int(($state >> 8) % $n);
    }
}


sub target_of {
    my ($most, @pieces) = @_;

    return join '', map { $pieces[pick(scalar @pieces)] } 0 .. pick($most);
}


sub same_as_alone {
    my ($prefix, @targets) = @_;

    my $client = HC::Client->new($nginx->port, keep => 1);
    my ($hits, $wrong, %seen) = (0, '');

    for my $target (@targets, reverse @targets) {
        my $uri = "$prefix$target";

        my $alone = $client->get($uri, "X-Fresh: 1\r\n");
        my $got = $client->get($uri);

        next if !$alone || $alone->{status} != 200;

        $hits++ if $got->{head} =~ /^X-Cache: HIT/m;
        $wrong .= "\n$uri: $got->{body} instead of $alone->{body}"
            if $got->{body} ne $alone->{body};
    }

    is($wrong, '', "$prefix: each has its own");
    cmp_ok($hits, '>=', @targets / 2, "$prefix: there were hits");
}


subtest 'A3: however a path is written, it is answered as the app would' => sub {
    my @pieces = ('/', '//', '/./', '/../', '%2f', '%2F', '%5c', ';x', ';',
        '%3b', '%00', '#', '%23', '?', '%3F', '%3f', '%20', '+', '%2e', '.',
        '..', 'a', 'A', '%61', '%41', '%25', '%2561', "\xc3\xa4", '%c3%a4',
        ':', '&', '=', '~', '%7e', '*');

    my @targets = map { target_of(4, @pieces) } 1 .. 250;

    same_as_alone($_, @targets) for qw(/p/ /replaced/ /rewritten/);
};


subtest 'A4: however arguments are written, they are answered as the app would'
    => sub
{
    my @pieces = ('a=1', 'a=2', 'b=1', 'utm_x=1', 'c', '&', '&', '&', '&&',
        ';', ';a=3', '%26', '%3D', '=', 'a', 'a=', '%61=1', 'A=1', 'a[]=1',
        'a=1', '+', '%20', '?', '%3f', '#', "\xe4", '%00', 'ab=1', 'b=%61');

    my @targets = map { '?' . target_of(7, @pieces) } 1 .. 300;

    same_as_alone($_, @targets) for qw(/q /args/q);

    ask('/args/cloak?a=1;a=2&utm_x=1;b=3');
    is(ask('/args/cloak?a=1;a=2')->{cache}, 'HIT', 'what is dropped is gone');
    like(ask('/args/cloak?a=1;a=2')->{body}, qr{GET /args/cloak\?a=1;a=2 },
         'for the app, too: a semicolon separates nothing');
};


subtest 'A5: a body of a GET or HEAD poisons nothing and is no request' => sub {
    my $inner = "GET /fat/smuggled HTTP/1.1\r\nHost: localhost\r\n"
                . "X-Id: smuggled\r\n\r\n";
    my $size = length $inner;
    my $n = 0;

    my %framing = (
        length => "Content-Length: $size\r\n\r\n$inner",
        chunked => "Transfer-Encoding: chunked\r\n\r\n"
                   . sprintf("%x\r\n%s\r\n0\r\n\r\n", $size, $inner),
    );

    for my $method (qw(GET HEAD)) {
        for my $framing (sort keys %framing) {
            my $uri = '/fat/' . ++$n;

            my $raw = ask_raw(
                "$method $uri HTTP/1.1\r\nHost: localhost\r\nX-Id: evil\r\n"
                . $framing{$framing}
                . "GET $uri HTTP/1.1\r\nHost: localhost\r\nX-Id: next\r\n"
                . "Connection: close\r\n\r\n");

            is(scalar(() = $raw =~ m{^HTTP/1\.1 200}mg), 2,
               "$method, $framing: two answers");
            unlike($raw, qr/smuggled/, 'the body was no request');
            like($raw, qr/^X-Cache: BYPASS\r\nX-Reason: request-body/m,
                 'it was passed by');
            like($raw, qr/^next GET/m, 'the next has its own answer');
            is(ask($uri)->{id}, 'next', 'and that is what is stored');
        }
    }

    is(ask('/fat/smuggled', "X-Id: clean\r\n")->{id}, 'clean',
       'nothing was stored for what was in the body');

    ask('/fat/page', "X-Id: page\r\n");
    my $fat = ask('/fat/page', "X-Id: fat\r\n", body => 'x=1');
    is($fat->{id}, 'fat', 'a body is not answered from the cache');
    is(ask('/fat/page')->{id}, 'page', 'which stays as it is');
};


subtest 'A6: only GET stores, only GET and HEAD are answered' => sub {
    for my $method (qw(POST PUT PATCH DELETE OPTIONS PROPFIND MKCOL LOCK FOO
                       get Head GETS GE TRACE CONNECT))
    {
        my $uri = "/method/$method";

        ask($uri, "X-Id: page\r\n");
        my $got = ask($uri, "X-Id: other\r\n", method => $method);
        unlike($got->{cache}, qr/HIT/, "$method is not answered by the page");
        isnt($got->{id}, 'page', 'in no way');

        ask("$uri/new", "X-Id: other\r\n", method => $method);
        my $new = ask("$uri/new", "X-Id: new\r\n");
        is("$new->{cache} $new->{id}", 'MISS new', "nor does $method store");
    }

    ask('/method/HEAD', "X-Id: head\r\n", method => 'HEAD');
    my $get = ask('/method/HEAD', "X-Id: get\r\n");
    is("$get->{cache} $get->{id}", 'MISS get', 'HEAD stores no empty page');

    my $head = ask('/method/HEAD', '', method => 'HEAD');
    is("$head->{cache} '$head->{body}'", "HIT ''", 'but has its header');
    is(ask('/method/HEAD')->{id}, 'get', 'and leaves the body there');
};


# Keys up to and above 65,535 bytes, and all that differ in one: key_length.t.

subtest 'A7: where one part of a key ends another does not begin' => sub {
    my @hosts = ('a', 'ab', 'abc', 's', 'sa', 'httpa', 'a.b', 'a.bc');
    my @paths = ('/', '/a', '//a', '/b/a', '/a/b', '/a.b');
    my %id;

    for my $host (@hosts) {
        for my $path (@paths) {
            my $id = 'id-' . ++$id{n};
            $id{"$host $path"} = $id;
            ask($path, "X-Id: $id\r\n", host => $host);
        }
    }

    my @wrong = grep {
        my ($host, $path) = split / /;
        my $got = ask($path, '', host => $host);
        "$got->{cache} $got->{id}" ne "HIT $id{$_}";
    } grep { / / } keys %id;

    is("@wrong", '', 'host and path are not mixed up');

    ask('/parts', "X-Forwarded-Host: a\r\nX-Forwarded-Proto: b\r\n");
    for my $other ("X-Forwarded-Host: ax-forwarded-proto:b\r\n",
                   "X-Forwarded-Host: a\r\n", "X-Forwarded-Proto: b\r\n",
                   "X-Forwarded-Host: a\r\nX-Forwarded-Port: b\r\n")
    {
        is(ask('/parts', $other)->{cache}, 'MISS', 'fields neither');
    }
};


subtest 'A8: keys made to look alike cost no more than others' => sub {
    my $client = HC::Client->new($nginx->port, keep => 1);
    my $n = 2000;

    # all that differ in few bits of one place: where a plain hash clusters
    my %uris = (
        alike => sub { sprintf '/flood/%s', join '', map { $_[0] >> $_ & 1
                                            ? 'Aa' : 'BB' } 0 .. 11 },
        other => sub { sprintf '/flood/%s-%d', 'x' x 20, $_[0] * 2654435761 },
    );

    for my $kind (sort keys %uris) {
        my $missed = 0;

        for my $round (1, 2) {
            for my $i (1 .. $n) {
                my $got = $client->get($uris{$kind}->($i));
                $missed++ if $round == 2 && $got->{head} !~ /X-Cache: HIT/;
            }
        }

        is($missed, 0, "$kind: all are found");
    }

    # the best of some turns: a busy machine is slow in any of them
    my %best;

    for my $turn (1 .. 6) {
        for my $kind (sort keys %uris) {
            my $start = time();
            $client->get($uris{$kind}->($_)) for 1 .. 300;
            my $took = time() - $start;
            $best{$kind} = $took if !$best{$kind} || $took < $best{$kind};
        }
    }

    cmp_ok($best{alike}, '<', 3 * $best{other}, 'not three times as much');
};


subtest 'A12: no suffix of a URI makes a private page everybody\'s' => sub {
    for my $uri (qw(/account/x.css /account/%3bx.css /account;x.js
                    /account/%0ax.png /account/x.css?v=1 /account%2fx.css
                    /static/../account/x.css))
    {
        for my $says ('', 'no-store', 'private', 'no-cache') {
            my $cc = $says ? "O-Cache-Control: $says\r\n" : '';
            my $full = $uri . ($uri =~ /\?/ ? '&' : '?') . "says=$says";

            ask($full, "Cookie: sid=victim\r\nX-Id: victim\r\n$cc");
            my $got = ask($full, "X-Id: attacker\r\n");
            is("$got->{cache} $got->{id}", 'MISS attacker', "$full");
        }
    }

    ask('/account/set.css',
        "O-Set-Cookie: sid=victim\r\nO-Cache-Control: max-age=60\r\n"
        . "X-Id: victim\r\n");
    is(ask('/account/set.css', "X-Id: attacker\r\n")->{id}, 'attacker',
       'nor one that sets a cookie');
};


subtest 'A13: an error that a client provoked is its own' => sub {
    my @own = grep { !/^(?:401|403|404|411|415|417|429)$/ } @STATUSES;

    for my $status (@own) {
        for my $round (1, 2) {
            my $got = ask("/any/$status", "O-Status: $status\r\n");
            is("$got->{status} $got->{cache}", "$status MISS",
               "$status, round $round");
        }

        my $clean = ask("/any/$status", "X-Id: clean\r\n");
        is("$clean->{status} $clean->{id}", '200 clean', 'then it is clean');
    }

    # not listed, nothing else of the app's either
    for my $status (@STATUSES) {
        ask("/err/$status", "O-Status: $status\r\n");
        my $clean = ask("/err/$status", "X-Id: clean\r\n");
        is("$clean->{status} $clean->{id}", '200 clean', "$status unlisted");
    }

    # what nginx itself refuses
    my %refused = (
        413 => sub { ask('/err/413/own', "Content-Length: 9999999\r\n") },
        400 => sub { ask('/err/400/own', 'X-Big: ' . 'x' x 70000 . "\r\n") },
        414 => sub { ask('/err/414/own?' . 'x' x 70000) },
        405 => sub { ask('/err/405/own', '', method => 'TRACE') },
    );

    for my $status (sort keys %refused) {
        is($refused{$status}->()->{status}, $status, "nginx's own $status");
        is(ask("/err/$status/own", "X-Id: clean\r\n")->{id}, 'clean',
           'then it is clean');
    }

    # a meta character, and the method overridden
    ask('/err/meta', "X-Meta: \x07\x1b\r\nX-Id: poison\r\n");
    ask('/err/meta', "X-HTTP-Method-Override: POST\r\nO-Status: 405\r\n");
    is(ask('/err/meta', "X-Id: clean\r\n")->{status}, 200, 'then it is clean');
};


subtest 'A14: a page that varies takes room for a few of its variants' => sub {
    my @others = map { "/varied/other/$_" } 1 .. 20;
    my $n = 3000;

    ask($_, "X-Id: other\r\n") for @others;
    my $before = entries('varied');

    my $client = HC::Client->new($nginx->port, keep => 1);
    my $wrong = 0;

    for my $i (1 .. $n) {
        my $got = $client->get('/varied/page',
            "O-Vary: Accept-Language\r\nO-Cache-Control: max-age=60\r\n"
            . "X-Id: id-$i\r\nAccept-Language: l$i\r\n");

        $wrong++ if !$got || $got->{body} !~ /^id-$i /;
    }

    is($wrong, 0, 'each language has its own answer');
    cmp_ok(entries('varied') - $before, '<=', 40, 'few of them are kept');

    my @gone = grep { ask($_)->{cache} ne 'HIT' } @others;
    is("@gone", '', 'other pages are still there');

    for (1, 2) {
        my $got = ask('/varied/star', "O-Vary: *\r\n"
                      . "O-Cache-Control: max-age=60\r\n");
        isnt($got->{cache}, 'HIT', 'Vary: * is never stored');
    }

    $before = entries('varied');

    for my $coding ('gzip', 'gzip;q=0.5', 'gzip, br', 'br,gzip', 'identity',
                    '*', 'x' x 100, 'GZIP', '', 'gzip;q=0', map { "c$_" } 1 .. 90)
    {
        ask('/varied/coded', "O-Vary: Accept-Encoding\r\n"
            . "O-Cache-Control: max-age=60\r\nAccept-Encoding: $coding\r\n");
    }

    cmp_ok(entries('varied') - $before, '<=', 5,
           'a hundred spellings of Accept-Encoding are a handful of entries');
};


subtest 'A15: a list of any length is a list' => sub {
    my $n = 0;

    for my $commas (0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 10_000) {
        for my $list (',' x $commas, 'a,' x $commas . 'a', ' ,' x $commas,
                      'a;q=0.1,' x $commas, '"' . ',' x $commas)
        {
            my $uri = "/list/$commas";
            next if length $list > 60_000;

            for my $name (qw(Accept-Encoding Accept-Language Cache-Control
                             Connection Forwarded TE If-None-Match Range))
            {
                next if $name eq 'Connection' && $list =~ /close/;
                my $got = ask($uri, "$name: $list\r\n");
                like($got->{status}, qr/^(?:200|206|416)$/,
                     "$name with $commas commas")
                    if $got->{status} !~ /^(?:200|206|416)$/;
            }

            for my $name (qw(Cache-Control Vary Cache-Tag)) {
                my $got = ask("$uri/app" . ++$n, "O-$name: $list\r\n");
                is($got->{status}, 200, "the app's $name, $commas commas")
                    if $got->{status} != 200;
            }
        }

        my $clean = ask("/list/$commas/clean", "X-Id: clean\r\n");
        is("$clean->{status} $clean->{id}", '200 clean',
           "$commas commas: still there");
    }
};


$nginx->done;
done_testing();
