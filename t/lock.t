# hc_cache_lock: of all requests for one key, in all workers, one asks the app;
# the others wait for what it brings, and nothing that befalls that one leaves
# them waiting.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Herd;
use HC::Nginx;
use HC::Slow;

use Time::HiRes qw(sleep time);

use constant WORKERS => 4;
use constant CLIENTS => 1000;
use constant WIDTH => 32;             # of the gate of a worker
use constant GROWTH => 8000;          # kB of all workers, in 8,000 waits


my $app = HC::App->start;
my $redis = HC::redis_start();
my $slow = HC::Slow->start(to => $redis->{port});
my $h2_port = HC::free_port();

my $nginx = HC::Nginx->start(
    APP => $app->port, REDIS => $slow->{port}, H2 => $h2_port,
    workers => WORKERS, http => <<'END');

    hc_zone zone=pages:16m max_object=1m;
    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        timeout 10s;
        connect_timeout 10s;
    }

    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
    add_header X-Reason $hc_cache_reason always;
    add_header X-Coalesced $hc_coalesced always;
    add_header X-Pid $pid always;

    hc_cache pages;
    hc_cache_valid 200 10m;
    hc_cache_lock_timeout 30s;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Pid $pid;
    proxy_read_timeout 40s;

    server {
        listen 127.0.0.1:%PORT% reuseport backlog=2048;

        location / { proxy_pass http://127.0.0.1:%APP%; }

        location /short {
            hc_cache_valid 200 100ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /stale/updating {
            hc_cache_valid 200 100ms;
            hc_cache_lock_timeout 1s;
            hc_cache_use_stale updating;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /cut {
            proxy_buffering off;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /silent {
            proxy_read_timeout 300ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /off {
            hc_cache_lock off;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /impatient {
            hc_cache_lock_timeout 300ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /late {
            hc_cache_lock_timeout 5s;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /few/pass {
            hc_cache_lock_waiters 2 pass;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /few/503 {
            hc_cache_lock_waiters 2 503;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /few/stale {
            hc_cache_valid 200 100ms;
            hc_cache_lock_waiters 2;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /few/page {
            hc_cache_lock_waiters 0 503;
            error_page 503 =503 @busy;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /few/file {
            hc_cache_lock_waiters 0 stale;
            hc_static %DIR%/static;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location @busy {
            hc_cache off;
            return 503 "busy\n";
        }

        location /uses {
            hc_cache_min_uses 3;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /client {
            hc_cache_client_control on;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /l2 {
            hc_cache_l2 shared;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /l2/brief {
            hc_cache_l2 shared;
            hc_cache_l1_ttl 100ms;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /l2/only {
            hc_cache_l2 shared;
            hc_cache_l1_ttl 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /sent {
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /intercepted {
            proxy_intercept_errors on;
            error_page 404 /errors/;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /errors {
            proxy_pass http://127.0.0.1:%APP%/errors?status=200&size=10&x=$request_uri;
        }

        location /internal {
            internal;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /ssi/ {
            hc_cache off;
            ssi on;
            default_type text/html;
            return 200 '[<!--#include virtual="/included" -->]';
        }

        location = /status { hc_cache off; hc_status; }
    }

    server {
        listen 127.0.0.1:%H2% http2 reuseport;
        location / { proxy_pass http://127.0.0.1:%APP%; }
    }
END

$nginx->may_log(qr/worker process \d+ exited on signal 9/);

mkdir $nginx->dir . '/static';
mkdir $nginx->dir . '/static/few';
{
    open my $out, '>', $nginx->dir . '/static/few/file.html' or die $!;
    print $out "from a file\n";
}


# --- short words -------------------------------------------------------------

my $words = 0;

sub word { return 'word' . ++$words }
sub lock_now { return $nginx->status->{lock} || {} }
sub get { return HC::Client->new($nginx->port)->get(@_) }
sub asked { return $app->count(qr{^\Q$_[0]\E(?:\?|$)}) }

sub field {
    my ($answer, $name) = @_;

    return $answer && $answer->{head} =~ /^\Q$name\E: ([^\r]*)/mi ? $1 : '';
}

# how many of each kind there were, as "3 200 HIT, 1 200 MISS"

sub kinds {
    my %n;

    for my $answer (@_) {
        my $kind = !$answer ? 'none'
                   : join ' ', $answer->{status}, field($answer, 'X-Cache');
        $n{$kind}++;
    }

    return join ', ', map { "$n{$_} $_" } sort keys %n;
}


# A herd that asks for a page the app holds: it is asked once, and the others
# wait.  Then ($word) names what it waits for.

sub held {
    my ($uri, $n, %o) = @_;

    my $word = word();
    my $before = $app->count;
    my $waiting = lock_now()->{waiting};
    my $herd = HC::Herd->new($nginx->port, $n);

    $app->behave("wait=$word" . ($o{behave} || ''));
    $herd->send($o{send} || $uri);

    my $waits = defined $o{waits} ? $o{waits} : $n - 1;

    HC::wait_until(sub {
        return $app->count > $before
               && lock_now()->{waiting} - $waiting >= $waits;
    }) or fail("$uri: one asks, $waits wait: " . lock_now()->{waiting});

    return ($herd, $word, $before);
}


sub let_go {
    my ($word) = @_;

    $app->behave('');
    $app->release($word);
}


# resident, of all workers

sub memory {
    my $kb = 0;

    for my $pid ($nginx->workers) {
        open my $in, '<', "/proc/$pid/status" or next;
        $kb += $1 if join('', <$in>) =~ /^VmRSS:\s+(\d+)/m;
    }

    return $kb;
}


# --- a herd ------------------------------------------------------------------

for my $round ('a cold key', 'one that expired', 'and again') {
    my $uri = '/short?size=3000';

    if ($round ne 'a cold key') {
        sleep 0.15;              # its lifetime is over
    }

    $app->set($round =~ s/ /-/gr);
    my $before = lock_now();
    my ($herd, $word, $count) = held($uri, CLIENTS);
    let_go($word);
    my @answers = $herd->answers;

    is($app->count, $count + 1,
       "$round: " . CLIENTS . ' clients, and the app is asked once');
    is(scalar(grep {
           $_ && $_->{status} == 200
           && (HC::App::version_of($_->{body}, $uri) || '')
              eq $round =~ s/ /-/gr
       } @answers), CLIENTS, "$round: all are given what it says now");
    is(scalar(grep { field($_, 'X-Coalesced') eq '1' } @answers), CLIENTS - 1,
       "$round: all but one of them by another");

    my %pids = map { field($_, 'X-Pid') => 1 } @answers;
    is(scalar keys %pids, WORKERS, "$round: they are in all workers");

    my $after = lock_now();
    is($after->{leases} - $before->{leases}, 1, "$round: hc_status: one lease");
    is($after->{waits} - $before->{waits}, CLIENTS - 1, "$round: and who waits");
    is($after->{told_stored} - $before->{told_stored}, CLIENTS - 1,
       "$round: and was told");
    is($after->{waiting}, 0, "$round: nobody waits any more");
}


# --- who asks dies -----------------------------------------------------------

# ($pid, $uri): kill -9 of the one that asks; the rest is served from another

sub kill_the_leader {
    my ($name, $uri, $herd, $count) = @_;

    my $pid = ($app->askers)[-1];
    my $word = word();

    $app->behave('');

    my $since = time();
    kill KILL => $pid;

    ok(HC::wait_until(sub { $app->count > $count + 1 }, 10),
       "$name: another asks when it is killed");
    my $took = time() - $since;

    cmp_ok($took, '<', 1, "$name: soon");
    note(sprintf '%s: takeover %.3f s', $name, $took);

    my @answers = $herd->answers;
    my @whole = grep { $_ && HC::App::version_of($_->{body}, $uri) } @answers;

    is($app->count, $count + 2, "$name: one other");
    cmp_ok(scalar @whole, '>', @answers / WORKERS,
           "$name: the others are served");
    is(scalar(grep { field($_, 'X-Pid') eq $pid } @whole), 0,
       "$name: but for those in the worker that died");
    note("$name: " . kinds(@answers));

    ok(HC::wait_until(sub {
           my $now = lock_now();
           return $nginx->workers == WORKERS
                  && $now->{asking} == 0 && $now->{waiting} == 0;
       }), "$name: no lease and no waiter is left");
}

{
    my $uri = '/killed';
    my ($herd, $word, $count) = held($uri, 200);
    kill_the_leader('killed', $uri, $herd, $count);
    is(field(get($uri), 'X-Cache'), 'HIT', 'killed: the page is in store');
}

{
    my $uri = '/reloaded';
    my $word = word();
    my $count = $app->count;
    my $first = HC::Herd->new($nginx->port, 40);

    $app->behave("wait=$word");
    $first->send($uri);
    ok(HC::wait_until(sub { lock_now()->{waiting} == 39 }),
       'reloaded: one asks, others wait');

    ok($nginx->reload, 'reloaded: workers of another age');
    my $second = HC::Herd->new($nginx->port, 100);
    $second->send($uri);
    ok(HC::wait_until(sub { lock_now()->{waiting} == 139 }),
       'reloaded: theirs wait for the one in an old worker');
    is($app->count, $count + 1, 'reloaded: the app was asked once');

    let_go($word);
    is(kinds($second->answers), '100 200 HIT',
       'reloaded: they are given what it brought');
    is(kinds($first->answers), '39 200 HIT, 1 200 MISS',
       'reloaded: and so are the old ones');
    is($app->count, $count + 1, 'reloaded: all by one');
    ok($nginx->old_workers_are_gone, 'reloaded: the old workers go');
}

{
    my $uri = '/reloaded/killed';
    my $count = $app->count;
    my $first = HC::Herd->new($nginx->port, 1);

    $app->behave('wait=' . word());
    $first->send($uri);
    ok(HC::wait_until(sub { $app->count == $count + 1 }),
       'an old worker asks');
    ok($nginx->reload, 'and is reloaded');

    my $herd = HC::Herd->new($nginx->port, 100);
    $herd->send($uri);
    ok(HC::wait_until(sub { lock_now()->{waiting} == 100 }),
       'new ones wait');
    kill_the_leader('old worker killed', $uri, $herd, $count);
    $first->leave;
}

{
    my $uri = '/quit';
    my $count = $app->count;
    my ($herd, $word) = held($uri, 60);

    $nginx->signal('HUP');
    ok(HC::wait_until(sub { $nginx->workers(all => 1) > WORKERS }),
       'workers that shut down while requests wait in them');
    let_go($word);
    is(kinds($herd->answers), '59 200 HIT, 1 200 MISS', 'serve them first');
    ok($nginx->old_workers_are_gone, 'and go');
    is($app->count, $count + 1, 'the app was asked once');
}


# --- clients that leave ------------------------------------------------------

{
    my $uri = '/left';
    my $word = word();
    my $count = $app->count;
    my $leader = HC::Herd->new($nginx->port, 1);

    $app->behave("wait=$word");
    $leader->send($uri);
    HC::wait_until(sub { $app->count == $count + 1 });

    my $herd = HC::Herd->new($nginx->port, 50);
    $herd->send($uri);
    ok(HC::wait_until(sub { lock_now()->{waiting} == 50 }), 'fifty wait');

    $leader->leave;
    let_go($word);
    is(kinds($herd->answers), '50 200 HIT',
       'the client of the one that asks leaves: they are given its answer');
    is($app->count, $count + 1, 'the app was asked once');
}

{
    my $uri = '/left/waiting';
    my $word = word();
    my $count = $app->count;
    my $leader = HC::Herd->new($nginx->port, 1);

    $app->behave("wait=$word");
    $leader->send($uri);
    HC::wait_until(sub { $app->count == $count + 1 });

    my $memory;

    my $left = 0;

    for my $round (1 .. 20) {
        my $herd = HC::Herd->new($nginx->port, 500);
        $herd->send($uri);
        HC::wait_until(sub { lock_now()->{waiting} == 500 }, 10) or last;
        $herd->leave;
        HC::wait_until(sub { lock_now()->{waiting} == 0 }, 10) or last;
        $left++;
        $memory = memory() if $round == 4;
    }

    is($left, 20, 'five hundred wait and leave, and are forgotten, each time');

    SKIP: {
        skip 'memory under a sanitizer', 1 if $nginx->is_sanitized;

        cmp_ok(memory() - $memory, '<', GROWTH, 'no memory is left behind');
    }

    let_go($word);
    is(kinds($leader->answers), '1 200 MISS', 'who asks is served');
    is($nginx->zone->{pinned}, 0, 'nothing is pinned');
    is(lock_now()->{asking}, 0, 'no lease is left');
}


# --- what may not be shared --------------------------------------------------

{
    my $uri = '/private?echo=Cookie&headers=Cache-Control:%20private%0d%0a';
    my ($herd, $word, $count) = held($uri, 50, send => sub {
        return ($uri, "Cookie: id=$_[0]\r\n");
    });
    let_go($word);
    my @answers = $herd->answers;

    is(scalar(grep { $answers[$_] && $answers[$_]{body} eq "id=$_" } 0 .. 49),
       50, 'private: each is given its own');
    is($app->count, $count + 50, 'private: each asked for it');

    # it is known by now: all ask at once

    $word = word();
    $app->behave("wait=$word");
    $herd = HC::Herd->new($nginx->port, 50);
    $herd->send($uri);
    ok(HC::wait_until(sub { $app->count == $count + 100 }, 5),
       'private: the next burst does not queue');
    cmp_ok(lock_now()->{passed}, '>=', 50, 'hc_status: as it is told');
    let_go($word);
    is(kinds($herd->answers), '50 200 MISS', 'and is served');
}

{
    # the app says nothing of a lifetime: with a Cookie it is not stored

    my $uri = '/cookie?echo=Cookie';
    my $cookies = sub { return ($uri, "Cookie: id=$_[0]\r\n") };
    my ($herd, $word, $count) = held($uri, 20, send => $cookies);
    let_go($word);
    my @answers = $herd->answers;

    is(scalar(grep { $answers[$_] && $answers[$_]{body} eq "id=$_" } 0 .. 19),
       20, 'cookies: each is given its own');

    $word = word();
    $app->behave("wait=$word");
    $herd = HC::Herd->new($nginx->port, 20);
    $herd->send($cookies);
    ok(HC::wait_until(sub { $app->count == $count + 40 }, 5),
       'cookies: the next burst of them does not queue');

    my $others = HC::Herd->new($nginx->port, 20);
    $others->send('/cookie?echo=Host');
    ok(HC::wait_until(sub { lock_now()->{waiting} == 19 }),
       'cookies: those without one still do');
    let_go($word);
    is(kinds($herd->answers), '20 200 MISS', 'cookies: all are served');
    is(kinds($others->answers), '19 200 HIT, 1 200 MISS', 'and the others');
}

{
    my $uri = '/no-cache';
    my ($herd, $word, $count) = held($uri, 30, behave =>
        '&headers=Cache-Control:%20max-age=0%0d%0a');
    my $next = word();

    $app->behave("wait=$next&headers=Cache-Control:%20max-age=0%0d%0a");
    $app->release($word);
    ok(HC::wait_until(sub { $app->count == $count + 30 }),
       'no lifetime: those who waited go on side by side');
    let_go($next);
    is(kinds($herd->answers), '30 200 MISS', 'no lifetime: each by itself');
}

{
    my $uri = '/sent';
    my $inner = word();
    my $where = "&headers=X-Accel-Redirect:%20/internal/sent?wait=$inner"
                . '%0d%0a';
    my ($herd, $word, $count) = held($uri, 30, behave => $where);

    # where it leads is held, too

    $app->behave($where);
    $app->release($word);
    ok(HC::wait_until(sub { asked($uri) == 30 }, 5),
       'X-Accel-Redirect: those who waited are told at once');
    is(asked('/internal/sent'), 1,
       'X-Accel-Redirect: and wait once more, where it leads');
    let_go($inner);
    is(scalar(grep { $_ && $_->{status} == 200 } $herd->answers), 30,
       'X-Accel-Redirect: all are served');
}

{
    my $uri = '/intercepted';
    my ($herd, $word, $count) = held($uri, 30, behave => '&status=404');

    # the page in its place is held, too
    my $inner = word();
    $app->behave("status=404&wait=$inner");
    $app->release($word);
    ok(HC::wait_until(sub { asked($uri) == 30 }, 5),
       'an error that error_page replaces: those who waited are told at once');
    let_go($inner);
    is(kinds($herd->answers), '30 404 MISS', 'and get theirs');
}


# --- the app fails -----------------------------------------------------------

# Nothing in store: each goes its own way, no more of them at once than go
# through the gates.

{
    my $uri = '/failed';
    my $n = 400;
    my ($herd, $word, $count) = held($uri, $n, behave => '&status=502');
    my $next = word();

    $app->behave("wait=$next");
    $app->release($word);

    my $most = $count + 1 + WORKERS * WIDTH;

    ok(HC::wait_until(sub { $app->count == $most }),
       '502: those who waited go on, as many at once as may');
    my $since = time();
    HC::wait_until(sub { $app->count > $most || time() - $since > 0.3 });
    is($app->count, $most, '502: and no more');

    let_go($next);
    my @answers = $herd->answers;
    is(scalar(grep { $_ && $_->{status} == 200 } @answers), $n - 1,
       '502: all others are served');
    is(scalar(grep { $_ && $_->{status} == 502 } @answers), 1,
       '502: the one who asked is given it');
    is($app->count, $most, '502: the rest find what these have stored');
}

{
    my $uri = '/short/stale';
    $app->behave('');
    $app->set('old');
    get($uri);
    sleep 0.15;

    my ($herd, $word, $count) = held($uri, 100, behave => '&status=502');
    $app->release($word);
    my @answers = $herd->answers;
    is(scalar(grep { $_ && (HC::App::version_of($_->{body}, $uri) || '')
                           eq 'old' } @answers), 100,
       '502, and a stale answer: all are given it');
    is($app->count, $count + 1, 'by the one request');
    is(kinds(@answers), '100 200 STALE', 'as what it is');
    $app->behave('');
}

{
    my $uri = '/cut?size=4000';
    my ($herd, $word, $count) = held($uri, 60, behave => '&cut=1');
    my $next = word();

    $app->behave('');
    $app->release($word);
    my @answers = $herd->answers;

    is(scalar(grep { $_ && HC::App::version_of($_->{body}, $uri) } @answers),
       59, 'cut: the others are given a whole body');
    is(scalar(grep { !$_ } @answers), 1, 'cut: the one who asked is not');
}

{
    my $uri = '/silent';
    my ($herd, $word, $count) = held($uri, 60);

    $app->behave('');
    my @answers = $herd->answers;
    $app->release($word);

    is(scalar(grep { $_ && $_->{status} == 504 } @answers), 1,
       'the app is silent: the one who asked is told so');
    is(scalar(grep { $_ && $_->{status} == 200 } @answers), 59,
       'and the others ask themselves');
}


# --- who is not held ---------------------------------------------------------

{
    my $uri = '/others';
    my ($herd, $word, $count) = held($uri, 2);
    $app->behave('');

    is(HC::Client->new($nginx->port)->ask('POST', $uri)->{status}, 200,
       'a POST is not held');
    is(get($uri, "Authorization: Basic eDp5\r\n")->{status}, 200,
       'a request with credentials is not');

    # the POST has fenced what is on its way

    $app->set('after');
    $app->release($word);
    my @answers = $herd->answers;
    is(scalar(grep { (HC::App::version_of($_->{body}, $uri) || '') eq 'after' }
              @answers), 2, 'both are served');
    is($app->count(qr{^\Q$uri\E$}), 3, 'the one who waited asked anew');
    is(HC::App::version_of(get($uri)->{body}, $uri), 'after',
       'what is in store is of after the POST');
}

{
    my $uri = '/fenced';
    $app->set('before');
    my $word = word();
    my $count = $app->count;
    my $herd = HC::Herd->new($nginx->port, 40);

    # the app has made the answer, and sends it late
    $app->hold_again;
    $app->behave('hold=1');
    $herd->send($uri);
    HC::wait_until(sub { lock_now()->{waiting} == 39 });
    HC::Client->new($nginx->port)->ask('POST', "$uri?set=after");
    HC::Client->new($nginx->port)->ask('POST', $uri);
    $app->behave('');
    $app->release;

    my %n;
    $n{ HC::App::version_of($_->{body}, $uri) || '' }++ for $herd->answers;
    is_deeply(\%n, { before => 1, after => 39 },
              'a write during the fill: who waited is given the new value');
    is(asked($uri), 2, 'which was asked for once');
}

{
    my $uri = '/client';
    get($uri);
    my ($herd, $word, $count) = held($uri, 30, send => sub {
        return ($uri, "Cache-Control: no-cache\r\n");
    });
    let_go($word);
    is(scalar(grep { $_ && $_->{status} == 200 } $herd->answers), 30,
       'clients that want nothing from store wait for one another');
    is($app->count, $count + 1, 'what has come since will do for them');
}

{
    my $uri = '/client/aged';
    my $aged = '&headers=' . 'Age:%205%0D%0A';
    get($uri);
    my $waits = lock_now()->{waits};
    my ($herd, $word, $count) = held($uri, 10, behave => $aged, send => sub {
        return ($uri, "Cache-Control: no-cache\r\n");
    });
    let_go($word);
    is(scalar(grep { $_ && $_->{status} == 200 } $herd->answers), 10,
       'clients for whom what has come is too old ask themselves');
    is(lock_now()->{waits} - $waits, 9, 'and wait no more');
}

{
    my $word = word();
    my $count = $app->count;
    my $herd = HC::Herd->new($nginx->port, 30);

    $app->behave("wait=$word");
    $herd->send('/off');
    ok(HC::wait_until(sub { $app->count == $count + 30 }),
       'hc_cache_lock off: all ask');
    let_go($word);
    is(kinds($herd->answers), '30 200 MISS', 'and are served');
}

{
    my $uri = '/impatient';
    my ($herd, $word, $count) = held($uri, 20);

    ok(HC::wait_until(sub { $app->count == $count + 20 }),
       'hc_cache_lock_timeout: those who waited as long ask themselves');
    let_go($word);
    is(scalar(grep { $_ && $_->{status} == 200 } $herd->answers), 20,
       'and are served');
    cmp_ok(lock_now()->{timeouts}, '>', 0, 'hc_status: as it is told');
}


{
    my $uri = '/late';
    my ($herd, $word, $count) = held($uri, 300);

    ok(HC::wait_until(sub { $app->count >= $count + 60 }),
       'hc_cache_lock_timeout: of many who waited as long, some ask');
    my ($seen, $same) = (0, 0);
    HC::wait_until(sub {
        $same = $seen == $app->count ? $same + 1 : 0;
        $seen = $app->count;
        return $same == 20;
    });
    cmp_ok($seen - $count, '<=', 1 + 4 * 32, 'and not all at once');
    let_go($word);
    is(scalar(grep { $_ && $_->{status} == 200 } $herd->answers), 300,
       'all are served');
}


# --- more than may wait ------------------------------------------------------

{
    my $uri = '/few/pass';
    my ($herd, $word, $count) = held($uri, 10, waits => 2);
    ok(HC::wait_until(sub { $app->count == $count + 8 }),
       'two may wait, the surplus passes');
    is(lock_now()->{waiting}, 2, 'two wait');
    let_go($word);
    is(scalar(grep { $_ && $_->{status} == 200 } $herd->answers), 10,
       'all are served');
}

{
    my $uri = '/few/503';
    my ($herd, $word, $count) = held($uri, 10, waits => 2);
    my $more = get($uri);

    is($more->{status}, 503, 'two may wait, the surplus is a 503');
    is(field($more, 'Retry-After'), 1, 'with Retry-After');
    is(field($more, 'X-Reason'), 'waiters', 'and the reason');
    let_go($word);
    my @answers = $herd->answers;
    is(kinds(@answers), '2 200 HIT, 1 200 MISS, 7 503 MISS', 'seven of ten');
    is($app->count, $count + 1, 'the app is asked once');
    cmp_ok(lock_now()->{surplus}, '>=', 8, 'hc_status: as it is told');
}

{
    my $uri = '/few/stale';
    $app->set('old');
    get($uri);
    sleep 0.15;
    $app->set('new');
    my ($herd, $word, $count) = held($uri, 10, waits => 2);
    my $more = get($uri);

    is(HC::App::version_of($more->{body}, $uri), 'old',
       'two may wait, the surplus is given what expired');
    is(field($more, 'X-Cache'), 'STALE', 'as what it is');

    let_go($word);
    my %n;
    $n{ HC::App::version_of($_->{body}, $uri) }++ for $herd->answers;
    is_deeply(\%n, { old => 7, new => 3 }, 'the others the new answer');
}

{
    my ($herd, $word) = held('/few/page', 1, waits => 0);
    my $more = get('/few/page');
    is("$more->{status} $more->{body}", "503 busy\n",
       'error_page answers for the surplus');
    let_go($word);
    is(kinds($herd->answers), '1 200 MISS', 'the first is served');
}

{
    my ($herd, $word) = held('/few/file', 1, waits => 0);
    my $more = get('/few/file');
    is("$more->{status} $more->{body}", "200 from a file\n",
       'a fallback file does');
    is(field($more, 'Retry-After'), '', 'without a word of trying again');
    let_go($word);
    is(kinds($herd->answers), '1 200 MISS', 'the first is served');
}


# --- other kinds of keys and requests ----------------------------------------

{
    my $uri = '/vary?headers=Vary:%20X-Lang%0d%0aCache-Control:%20max-age=60%0d%0a';
    $app->behave('');
    get($uri, "X-Lang: none\r\n");

    my @langs = qw(aa bb cc);
    my ($herd, $word, $count) = held($uri, 60, waits => 57, send => sub {
        return ($uri, "X-Lang: $langs[$_[0] % 3]\r\n");
    });
    ok(HC::wait_until(sub { $app->count == $count + 3 }),
       'Vary: one asks for each variant');
    let_go($word);
    is(kinds($herd->answers), '57 200 HIT, 3 200 MISS', 'the others wait');
}

{
    my $uri = '/ssi/page';
    my $word = word();
    my $count = $app->count;
    my $herd = HC::Herd->new($nginx->port, 30);

    $app->behave("wait=$word&echo=Host");
    $herd->send(sub { return ($uri, "Connection: close\r\n") });
    ok(HC::wait_until(sub { lock_now()->{waiting} == 29 }),
       'includes wait for one another');
    let_go($word);
    $app->behave('echo=Host');

    # no Content-Length: until the connection closes
    my @pages = map {
        my $got = $_->{got} || '';
        1 while sysread $_->{socket}, $got, 65536, length $got;
        $got;
    } @{ $herd->{clients} };

    is(scalar(grep { /^1\r\n\[\r\n.*^1\r\n\]\r\n0/ms } @pages), 30,
       'each page is whole');
    is($app->count, $count + 1, 'the app was asked once');
    $app->behave('');
}

SKIP: {
    skip 'needs h2load', 4 if !grep { -x "$_/h2load" } split /:/, $ENV{PATH};

    my $word = word();
    my $count = $app->count;
    my $waiting = lock_now()->{waiting};
    my $file = $nginx->dir . '/h2load';

    $app->behave("wait=$word");
    my $pid = fork();

    if ($pid == 0) {
        open STDOUT, '>', $file;
        exec 'h2load', '-n', 100, '-c', 4, '-m', 25,
             "http://127.0.0.1:$h2_port/two" or POSIX::_exit(1);
    }

    ok(HC::wait_until(sub { lock_now()->{waiting} == 99 }),
       'streams of HTTP/2 wait');
    let_go($word);
    waitpid $pid, 0;
    open my $in, '<', $file;
    my $said = join '', <$in>;
    like($said, qr/100 succeeded, 0 failed/, 'and are served');
    is($app->count, $count + 1, 'the app was asked once');

    # those that are taken back

    $app->behave('wait=' . word());
    $pid = fork();

    if ($pid == 0) {
        open STDOUT, '>', $file;
        exec 'h2load', '-n', 100, '-c', 4, '-m', 25,
             "http://127.0.0.1:$h2_port/three" or POSIX::_exit(1);
    }

    HC::wait_until(sub { lock_now()->{waiting} == 99 });
    kill KILL => $pid;
    waitpid $pid, 0;
    ok(HC::wait_until(sub { lock_now()->{waiting} == 0 }),
       'when their connections end they wait no more');
    $app->release("word$words");
    $app->behave('');
}

{
    my $uri = '/uses';
    my ($herd, $word, $count) = held($uri, 40, waits => 37);
    ok(HC::wait_until(sub { $app->count == $count + 3 }),
       'hc_cache_min_uses 3: the third asks for the others');
    let_go($word);
    is(kinds($herd->answers), '37 200 HIT, 3 200 MISS', 'who are served');
}

{
    # L1 believes it for a moment, L2 for long

    my $uri = '/l2/brief';
    $app->behave('');
    get($uri);
    ok(HC::wait_until(sub { $nginx->status->{l2}{shared}{stores} == 1 }),
       'L2 has it');
    sleep 0.15;

    my $gets = $nginx->status->{l2}{shared}{gets};
    my $count = $app->count;
    my $herd = HC::Herd->new($nginx->port, 50);

    $slow->hold;
    $herd->send($uri);
    ok(HC::wait_until(sub { lock_now()->{waiting} == 49 }),
       'one asks L2, the others wait');
    $slow->delay(0);
    my @answers = $herd->answers;
    is(scalar(grep { field($_, 'X-Tier') eq 'L2' } @answers), 1,
       'one is given what L2 has');
    is(scalar(grep { field($_, 'X-Tier') eq 'L1' } @answers), 49,
       'the others the copy in L1');
    is($nginx->status->{l2}{shared}{gets} - $gets, 1, 'L2 was asked once');
    is($app->count, $count, 'and the app was not');
}

{
    my $uri = '/l2/cold';
    my $gets = $nginx->status->{l2}{shared}{gets};
    my ($herd, $word, $count) = held($uri, 50);
    is($nginx->status->{l2}{shared}{gets} - $gets, 1,
       'L2: the one who asks the app asks it first, and alone');
    let_go($word);
    is(kinds($herd->answers), '49 200 HIT, 1 200 MISS',
       'the others are given the copy in L1');
    is($app->count, $count + 1, 'the app was asked once');
}

{
    my $uri = '/l2/only';
    my ($herd, $word, $count) = held($uri, 30, waits => 0);
    let_go($word);
    my @answers = $herd->answers;
    is(scalar(grep { $_ && HC::App::version_of($_->{body}, $uri) } @answers),
       30, 'kept in L2 only: all are served');
    is(scalar(grep { field($_, 'X-Tier') eq 'L1' } @answers), 0,
       'kept in L2 only: none from L1');
}


# --- the end -----------------------------------------------------------------

{
    my $now = lock_now();
    is($now->{asking}, 0, 'no lease is left');
    is($now->{waiting}, 0, 'nobody waits');
    is($nginx->zone->{pinned}, 0, 'nothing is pinned');
    is($now->{no_place}, 0, 'there was room for all');
    ok(HC::wait_until(sub { $nginx->status->{l2}{shared}{in_flight} == 0 }),
       'L2 has nothing to do');
}

$nginx->done;
done_testing();
