# Stopping: what is in flight does not keep a worker, and what a client was
# promised it gets.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use Time::HiRes qw(sleep time);

# s: later than a busy machine makes it, sooner than what is held, or frozen
use constant SOON => 15;


my $app = HC::App->start;
my $redis = HC::redis_start();

my $HTTP = <<'END';
    hc_zone zone=pages:16m max_object=1m;
    hc_l2 shared {
        server redis://127.0.0.1:%REDIS%;
        timeout 3s;
        connect_timeout 3s;
    }

    add_header X-Cache $hc_cache_status;
    add_header X-Tier $hc_cache_tier;

    server {
        listen 127.0.0.1:%PORT%;

        hc_cache pages;
        hc_cache_valid 200 10m;

        location / { proxy_pass http://127.0.0.1:%APP%; }

        location /l2 {
            hc_cache_l2 shared;
            hc_cache_l1_ttl 0;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /both {
            hc_cache_l2 shared;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
    }
END


sub start {
    return HC::Nginx->start(APP => $app->port, REDIS => $redis->{port},
                            http => $HTTP, @_);
}


sub get {
    my ($nginx, $uri) = @_;

    my $answer = HC::Client->new($nginx->port)->get($uri)
                 || { status => 0, head => '', body => '' };

    $answer->{cache} = $answer->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';

    return $answer;
}


# A request that the app has and does not answer yet.

sub held {
    my ($nginx, $uri) = @_;

    my $client = HC::Client->new($nginx->port);
    my $before = $app->count;

    $app->hold_again;
    $client->send('GET', $uri);
    HC::wait_until(sub { $app->count > $before });

    return $client;
}


sub stop_in {
    my ($nginx, $signal) = @_;

    my $since = time();
    $nginx->stop($signal, 2 * SOON);

    return time() - $since;
}


sub log_is_clean {
    my ($nginx, $name) = @_;

    my @bad = $nginx->bad_lines;
    is(scalar @bad, 0, "$name: error.log has nothing that was not declared")
        or diag(join "\n", @bad);
}


# --- quit: what is in flight is finished -------------------------------------

{
    my $nginx = start();
    my $uri = '/quit?hold=1&size=50000';
    my $client = held($nginx, $uri);

    $nginx->signal('QUIT');
    ok(HC::wait_until(sub { !$nginx->answers }),
       'after QUIT no connection is taken');
    $app->release;

    my $answer = $client->answer('GET');
    is($answer && HC::App::version_of($answer->{body}, $uri), 'one',
       'a fill in flight is finished for its client');
    cmp_ok(stop_in($nginx), '<', SOON, 'and then nginx ends');
    log_is_clean($nginx, 'quit');
}

# The client leaves, and the fill goes on for the page's sake: not for ever.

{
    my $nginx = start(main => 'worker_shutdown_timeout 1s;');
    my $client = held($nginx, '/left?hold=1&size=50000');

    $client->close;
    cmp_ok(stop_in($nginx, 'QUIT'), '<', SOON,
           'a fill without a client does not keep nginx longer than '
           . 'worker_shutdown_timeout');
    $app->release;
    log_is_clean($nginx, 'a fill without a client');
}


# --- stop: at once -----------------------------------------------------------

{
    my $nginx = start();
    my $client = held($nginx, '/stop?hold=1&size=50000');

    cmp_ok(stop_in($nginx, 'TERM'), '<', SOON, 'TERM does not wait for a fill');
    is($client->answer('GET'), undef, 'its client sees that it is cut');
    $app->release;
    log_is_clean($nginx, 'stop');
}


# --- Redis -------------------------------------------------------------------

for my $signal (qw(QUIT TERM)) {
    my $nginx = start();
    my $reader = HC::Client->new($nginx->port);
    my $writer = HC::Client->new($nginx->port);

    get($nginx, '/l2/known');
    HC::redis_freeze($redis);

    $reader->send('GET', '/l2/known');
    $writer->send('POST', '/l2/other');
    ok(HC::wait_until(sub {
           $nginx->status->{l2}{shared}{in_flight} >= 2
       }), "operations wait for a frozen Redis ($signal)");

    cmp_ok(stop_in($nginx, $signal), '<', SOON,
           "they do not keep nginx after $signal");

    if ($signal eq 'QUIT') {
        my $answer = $reader->answer('GET');
        is($answer && HC::App::version_of($answer->{body}, '/l2/known'), 'one',
           'the read in flight was answered');

        $answer = $writer->answer('POST');
        is($answer && $answer->{status}, 200, 'and so was the write');
    }

    HC::redis_thaw($redis);
    log_is_clean($nginx, "frozen Redis, $signal");
}

# A store is sent when the client has its answer: QUIT in between does not cut
# the value, and Redis has it or has it not.

{
    my $nginx = start();
    my $client = held($nginx, '/both/stored?hold=1&size=400000');

    $nginx->signal('QUIT');
    $app->release;
    ok($client->answer('GET'), 'a page for L2 is sent during QUIT');
    cmp_ok(stop_in($nginx), '<', SOON, 'and nginx ends');
    log_is_clean($nginx, 'a store during QUIT');

    $nginx = start();
    $app->release;

    my $uri = '/both/stored?hold=1&size=400000';
    my $answer = get($nginx, $uri);
    is(HC::App::version_of($answer->{body}, $uri), 'one',
       'the next nginx has it whole, from Redis or from the app');
    is($nginx->status->{l2}{shared}{bad_values}, 0, 'and met no bad value');
    $nginx->done('after a store during QUIT');
}

# A reload with a Redis that has not answered: the old workers go in time.

{
    my $nginx = start();

    get($nginx, '/l2/again');
    HC::redis_freeze($redis);
    my $client = HC::Client->new($nginx->port);
    $client->send('GET', '/l2/again');
    HC::wait_until(sub { $nginx->status->{l2}{shared}{in_flight} >= 1 });

    ok($nginx->reload, 'a reload while Redis is frozen');
    ok($nginx->old_workers_are_gone, 'old workers go within the timeouts');
    my $answer = $client->answer('GET');
    is($answer && HC::App::version_of($answer->{body}, '/l2/again'), 'one',
       'the request in flight was answered');

    HC::redis_thaw($redis);
    ok(HC::wait_until(sub {
           get($nginx, '/l2/again')->{head} =~ /^X-Tier: L2/m
       }), 'and when Redis is back it is used');
    ok(HC::wait_until(sub {
           $nginx->status->{l2}{shared}{in_flight} == 0
       }), 'nothing is in flight for ever');
    $nginx->done('a reload while Redis is frozen');
}


# --- and start again ---------------------------------------------------------

{
    my $nginx = start();

    get($nginx, '/both/kept');
    ok(HC::wait_until(sub { $nginx->status->{l2}{shared}{stores} >= 1 }),
       'a page is stored in both tiers');
    ok($nginx->stop, 'nginx stops');

    $nginx->run;
    my $answer = get($nginx, '/both/kept');
    is($answer->{cache}, 'HIT', 'after a restart the page is a hit');
    like($answer->{head}, qr/^X-Tier: L2/m, 'from Redis');
    like(get($nginx, '/both/kept')->{head}, qr/^X-Tier: L1/m,
         'and then from memory');

    my $before = $app->count;
    get($nginx, '/mem');
    get($nginx, '/mem');
    is($app->count, $before + 1, 'what is only in memory is fetched again');
    $nginx->done('a restart');
}

# Other shapes of nginx

{
    my $nginx = start(main => 'master_process off;', workers => 0);

    get($nginx, '/single');
    is(get($nginx, '/single')->{cache}, 'HIT',
       'the cache works without a master');
    is($nginx->zone->{workers}, 1, 'one process uses the zone');
    $nginx->done('without a master');
}

{
    my $nginx = start(http => 'proxy_cache_path %DIR%/temp/cache '
                              . "keys_zone=disk:1m;\n$HTTP");

    get($nginx, '/beside');
    is(get($nginx, '/beside')->{cache}, 'HIT',
       'the cache works beside the cache manager');
    $nginx->done('beside the cache manager');
}

done_testing();
