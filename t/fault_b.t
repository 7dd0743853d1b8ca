# What belongs to one client reaches no other, nor a log, a counter or Redis.
#
# The app is a server of the same nginx: its body is X-Id, Authorization and
# Cookie of the request, "O-Name: value" is sent back as "Name: value".  Behind
# /slow/ is one that takes its time, and may die in the middle.
#
# Late replies of Redis to requests that are gone: l2_late.t.  Memory that was
# never written is looked for by `make asan` and `make valgrind`, too.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Client;
use HC::Nginx;
use HC::Peer;


my $n = 0;                # of URIs
my $redis = HC::redis_start();
my $slow = HC::free_port();

my $nginx = HC::Nginx->start(REDIS => $redis->{port}, SLOW => $slow,
                             level => 'info', http => app() . <<'END');

    hc_zone zone=pages:8m;
    hc_zone zone=small:1m;

    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        timeout 5s;
        connect_timeout 5s;
    }

    add_header X-Cache  $hc_cache_status always;
    add_header X-Reason $hc_cache_reason always;

    server {
        listen 127.0.0.1:%PORT%;

        hc_cache pages;
        hc_cache_valid 1m;

        location / { proxy_pass http://app; }

        location /l2/ {
            hc_cache_l1_ttl 0;
            hc_cache_l2 shared;
            proxy_pass http://app;
        }

        location /hidden/ {
            hc_cache_l2 shared;
            hc_cache_cookies ignore;
            proxy_hide_header Set-Cookie;
            proxy_ignore_headers Set-Cookie;
            proxy_pass http://app;
        }

        location /slow/ {
            proxy_next_upstream off;
            proxy_pass http://127.0.0.1:%SLOW%;
        }

        location /left/ {
            hc_cache small;
            proxy_pass http://app;
        }

        location /sized/ {
            hc_cache small;
            proxy_pass http://127.0.0.1:%SLOW%;
        }

        location /down/ { proxy_pass http://127.0.0.1:1; }

        location = /status {
            hc_cache off;
            hc_status;
        }
    }
END


sub app {
    my $fields = join '', map {
        (my $variable = lc "o_$_") =~ tr/-/_/;
        "add_header $_ \$http_$variable always;\n";
    } qw(Cache-Control Set-Cookie Vary X-User Expires);

    return <<"END";
    upstream app { server unix:%DIR%/app.sock; }

    server {
        listen unix:%DIR%/app.sock;
        $fields
        return 200 "\$http_x_id \$http_authorization \$http_cookie\\n";
    }
END
}


# The slow one.  /slow/private: the client's own; /slow/page: everybody's;
# /slow/cut: ends too early; /sized/n: n bytes of "z".

sub slow_answer {
    my ($request) = @_;

    my ($what) = $request =~ m{^\w+ /\w+/(\w+)};
    my ($id) = $request =~ /^X-Id: (\S+)/m;

    my $body = $what =~ /^\d+$/ ? 'z' x $what
             : "begin $id " . 'x' x 20_000 . " $id end\n";

    my $says = $what eq 'private' ? "Cache-Control: private\r\n"
             : $what eq 'cookie' ? "Set-Cookie: sid=$id\r\n"
             : "Cache-Control: max-age=60\r\n";

    my $answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n$says"
                 . 'Content-Length: ' . length($body) . "\r\n\r\n$body";

    return $what eq 'cut' ? substr $answer, 0, 9000 : $answer;
}

my $peer = HC::Peer->start(listen => "127.0.0.1:$slow", script => [
    [ { bytes => 1, delay => 0.1, reply => \&slow_answer, end => 'close' } ],
]);


sub parsed {
    my ($raw) = @_;

    my ($head, $body) = split /\r\n\r\n/, defined $raw ? $raw : '', 2;
    my ($status) = ($head || '') =~ m{^HTTP/1\.[01] (\d+)};
    my ($cache) = ($head || '') =~ /^X-Cache: *(\w+)/m;
    $body = '' if !defined $body;

    return {
        status => $status || 0, head => $head || '', cache => $cache || '',
        body => $body, id => $body =~ /^(\S+)/ && $1,
    };
}


sub ask {
    my ($uri, @lines) = @_;

    return parsed(HC::http_get($uri, port => $nginx->port,
        headers => join '', map { "$_\r\n" } @lines));
}


# All that redis has, names and values.

sub in_redis {
    return HC::redis_command($redis, 'EVAL', <<'END', 0);
        local all = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            all[#all + 1] = key
            all[#all + 1] = redis.call('DUMP', key)
            if redis.call('TYPE', key).ok == 'string' then
                all[#all + 1] = redis.call('GET', key)
            end
        end
        return table.concat(all, '\n')
END
}


# What was sent to redis before is there then.

sub settle {
    my $uri = '/l2/settle/' . ++$n;

    ask($uri, 'X-Id: settled');
    ok(HC::wait_until(sub { ask($uri)->{cache} eq 'HIT' }), 'a control');
}


subtest 'B1: an answer for an Authorization is for that one' => sub {
    my @alice = ('Authorization: Basic alice', 'X-Id: alice');
    my @bob = ('Authorization: Basic bob', 'X-Id: bob');
    my @none = ('X-Id: nobody');

    my %shared = (
        '' => 0, 'max-age=60' => 0, 'max-age=60, private' => 0,
        'max-age=60, public' => 1, 's-maxage=60' => 1,
        'max-age=60, must-revalidate' => 1, 'max-age=60, no-store' => 0,
        'max-age=60, x-public, foo="public"' => 0,
    );

    for my $tier ('', '/l2') {
        for my $says (sort keys %shared) {
            my $uri = "$tier/auth/" . ++$n;
            my @says = length $says ? ("O-Cache-Control: $says") : ();

            my @ids = map { ask($uri, @$_, @says)->{id} }
                          \@alice, \@bob, \@none, \@alice, \@bob;

            if ($shared{$says}) {
                # it gets into L2 behind its client's back
                ok(HC::wait_until(sub { ask($uri, @bob)->{cache} eq 'HIT' }),
                   "$uri '$says': for all");

            } else {
                is("@ids", 'alice bob nobody alice bob',
                   "$uri '$says': to each his own");
            }
        }
    }
};


subtest 'B2: a cookie that is set is set for one' => sub {
    for my $where ('', '/l2', '/hidden') {
        for my $says ('', 'max-age=60', 'public, max-age=60',
                      'no-cache="set-cookie", max-age=60')
        {
            my $uri = "$where/cookie/" . ++$n;
            my @says = length $says ? ("O-Cache-Control: $says") : ();

            ask($uri, 'O-Set-Cookie: sid=V1ct1m', 'X-Id: V1ct1m', @says);
            my $other = ask($uri, 'X-Id: other');

            unlike("$other->{head} $other->{body}", qr/V1ct1m/,
                   "$uri '$says': nothing of it for another");
        }
    }

    settle();
    ok(index(in_redis(), 'V1ct1m') < 0, 'nor in redis');
    ok(index(in_redis(), 'settled') > 0, 'where other things are');
};


# In doubt an answer is not given to another.

subtest 'B3: Cache-Control is read in words, not in pieces of them' => sub {
    for my $says ('private="x user"', 'private="vary", max-age=60',
        'private=', 'private=""', 'PRIVATE', 'private=x', 'no-store=',
        'no-store="x"', 'no-store=1', 'No-Store', 'max-age=60,no-store',
        'max-age=60 ,,, private', 'max-age=60, private;', "max-age=60,\tprivate",
        'max-age=60, "private', 'foo="a, private', 'foo="\\", private',
        'max-age=60, no-store foo', '=, private', 'max-age="0"', 'max-age=0',
        'max-age=', 'max-age=x', 'max-age=-1', 'max-age="-1"', 'max-age= 60',
        "max-age='60'", 'max-age=60, max-age=0', 's-maxage=0, max-age=60')
    {
        my $uri = '/words/' . ++$n;

        ask($uri, "O-Cache-Control: $says", 'O-X-User: victim', 'X-Id: victim');
        my $other = ask($uri, 'X-Id: other');
        unlike("$other->{head} $other->{body}", qr/victim/, "not stored: $says");
    }

    for my $says ('foo="private"', 'foo="no-store, private"', 'x-private',
        'private-x', 'foo=private', 'no-store-x', 'x-no-store', 'max-age="60"',
        'foo="\\"private", max-age=60', 'max-age=60, bar="max-age=0"',
        'x-max-age=0', 'max-age-x=0', ',,max-age=60,,', "max-age=60\t")
    {
        my $uri = '/words/' . ++$n;

        ask($uri, "O-Cache-Control: $says", 'X-Id: one');
        is(ask($uri, 'X-Id: two')->{id}, 'one', "stored: $says");
    }

    # the field that no-cache or private names is not given unasked
    for my $word ('no-cache', 'private') {
        ask("/words/$word", "O-Cache-Control: $word=\"x-user\", max-age=60",
            'O-X-User: victim', 'X-Id: one');
        my $other = ask("/words/$word", 'X-Id: two');
        is($other->{id}, 'one', "the answer whose $word names a field");
        unlike($other->{head}, qr/victim/, 'but not that field');
    }
};


subtest 'B4: those who wait for one answer get none that is not theirs' => sub {
    my $crowd = sub {
        my ($n, $uri, $with) = @_;

        return HC::Client->crowd($n, sub {
            my ($i) = @_;
            my $client = HC::Client->new($nginx->port);
            my $got = $client->get($uri, "X-Id: id-$i\r\n"
                                         . ($with ? "Cookie: sid=$i\r\n" : ''));
            return $got ? $got->{body} : 'nothing whole';
        });
    };

    # with a cookie each, and without: the app only says that it is private
    for my $case (['/slow/private', 1], ['/slow/private', 0],
                  ['/slow/cookie', 0])
    {
        my ($uri, $cookie) = @$case;
        my @got = $crowd->(50, $uri, $cookie);

        my @wrong = grep { $got[$_ - 1] !~ /^begin id-$_ x{20000} id-$_ end$/ }
                    1 .. 50;
        is("@wrong", '', "$uri: each has the own answer");
    }

    my @got = $crowd->(30, '/slow/cut', 0);
    is(scalar(grep { $_ ne 'nothing whole' } @got), 0,
       'an answer that was cut is whole for nobody');

    @got = $crowd->(30, '/slow/page', 0);
    is(scalar(grep { !/^begin (id-\d+) x{20000} \1 end$/ } @got), 0,
       'one that is everybody\'s is whole for all');
};


# What was in a place of memory is not in what comes there later.

subtest 'B6: no answer has bytes of another in it' => sub {
    my $secret = 'S3cr3tS3cr3t' x 400;

    # the zone is full of it, many times over
    for my $i (1 .. 600) {
        ask("/l2/left/$i", "X-Id: $secret") if $i <= 20;
        ask("/left/$i", "X-Id: $secret");
    }

    my $wrong = 0;

    for my $size (0, 1, 2, 7, 63, 64, 65, 100, 511, 513, 4095, 4096, 4097,
                  9000, 65_537)
    {
        for my $ask ('', 'Range: bytes=-7', 'Range: bytes=0-0,-1',
                     'Range: bytes=3-', 'Accept-Encoding: gzip')
        {
            my $got = ask("/sized/$size", length $ask ? $ask : ());
            $wrong++ if "$got->{head}$got->{body}" =~ /S3cr|\xa5{4}|\0{4}/;

            $wrong++ if $ask eq '' && $got->{body} ne 'z' x $size;
        }
    }

    is($wrong, 0, 'of no size, in no part');
};


subtest 'B8: what is secret in a request is in no log and no counter' => sub {
    my $secret = 'Pl4nt3dT0k3n';
    my @lines = ("Authorization: Bearer $secret", "Cookie: sid=$secret",
                 "X-Forwarded-Host: $secret", "X-Api-Key: $secret");

    for my $line (@lines) {
        for my $uri ('/', '/l2/', '/hidden/', '/down/') {
            ask("${uri}log?$secret", $line);
            ask("${uri}log?$secret", $line, 'O-Cache-Control: public, max-age=9');
        }
    }

    ask("/l2/log?$secret", 'O-Cache-Control: max-age=1, "');
    settle();

    my $status = HC::http_get('/status', port => $nginx->port);
    like($status, qr/"pages"/, 'there are counters');
    unlike($status, qr/$secret/, 'without it');

    # nginx itself tells the request line behind "client:"
    my @told = grep { s/, client: .*//; /$secret/ } split /\n/, $nginx->log;
    is("@told", '', 'nor does a line of the log say it');

    # the app repeats what it is sent, so values have it; names do not
    my $names = HC::redis_command($redis, 'EVAL',
        "return table.concat(redis.call('KEYS', '*'), ' ')", 0);
    like($names, qr/hc:1:/, 'there are keys in redis');
    unlike($names, qr/$secret/, 'without it');
};


$peer->stop;
$nginx->done;
done_testing();
