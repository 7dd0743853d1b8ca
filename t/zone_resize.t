# A reload with other sizes of a zone: what was in it is carried over where it
# fits, and what is known of writes holds before, during and after.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;


my $app = HC::App->start;

my $REST = <<'END';
    add_header X-Cache $hc_cache_status always;

    server {
        listen 127.0.0.1:%PORT%;

        hc_cache pages;
        hc_cache_valid 200 10m;

        location / { proxy_pass http://127.0.0.1:%APP%; }

        location /short {
            hc_cache_valid 200 3s;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /purge {
            hc_cache_purge 1;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
    }
END

sub zone { return "hc_zone zone=pages:$_[0];\n$REST" }

my $nginx = HC::Nginx->start(APP => $app->port, http => zone('16m'));


sub ask {
    my ($method, $uri) = @_;

    my $answer = HC::Client->new($nginx->port)->ask($method, $uri)
                 || { status => 0, head => '', body => '' };

    $answer->{cache} = $answer->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';

    return $answer;
}


sub get { return ask('GET', @_) }
sub page { return "/p/$_[0]?size=" . (100 + 977 * ($_[0] % 20)) }


# Of so many pages: how many are hits, and how many of these are wrong.

sub hits {
    my ($n) = @_;
    my ($hits, $wrong) = (0, 0);

    for my $i (1 .. $n) {
        my $answer = get(page($i));
        next if $answer->{cache} ne 'HIT';
        $hits++;
        $wrong++ if !HC::App::version_of($answer->{body}, page($i));
    }

    return ($hits, $wrong);
}


# Notices of what was carried: [carried, dropped], one a reload.

sub told {
    my $log = $nginx->log;
    my $says = 'hc_zone "pages" has other sizes:';
    my @told;

    push @told, [$1, $2]
        while $log =~ /\[notice\] .*$says (\d+) entries carried over, (\d+) dropped$/gm;

    return @told;
}


get(page($_)) for 1 .. 200;
is($nginx->zone->{entries}, 200, 'there are pages');

{
    my $asked = $app->count;

    ok($nginx->reload(http => zone('32m')), 'a reload with a larger zone');
    is($nginx->zone->{size}, 32 * 1024 * 1024, 'the zone has that size');
    is_deeply([hits(200)], [200, 0], 'every page is a hit, and right');
    is($app->count, $asked, 'the app is not asked for any');
    is_deeply([told()], [[200, 0]], 'one notice says how many were carried');
}

{
    my $asked = $app->count;

    ok($nginx->reload(http => zone('8m')), 'a reload with a smaller zone');
    is_deeply([hits(200)], [200, 0],
              'every page is a hit where all of them fit');
    is($app->count, $asked, 'the app is not asked for any');
    is_deeply((told())[1], [200, 0], 'the notice says so');
}

{
    ok($nginx->reload(http => zone('1m')), 'a reload with a zone too small');

    my $entries = $nginx->zone->{entries};
    my ($hits, $wrong);

    is_deeply((told())[2], [$entries, 200 - $entries],
              'the notice says how many were dropped');
    cmp_ok($entries, '>', 20, 'the zone is filled with what fits');
    cmp_ok($entries, '<', 200, 'and not more');

    ($hits, $wrong) = hits(200);
    is($wrong, 0, 'no page is wrong');
}

{
    ok($nginx->reload(http => zone('16m')), 'back to the first size');
    get(page($_)) for 1 .. 200;
    my $asked = $app->count;

    ok($nginx->reload(http => zone('16m max_object=4k')),
       'a reload with a smaller max_object');

    my $small = grep { 100 + 977 * ($_ % 20) < 3800 } 1 .. 200;
    my $large = grep { 100 + 977 * ($_ % 20) > 4096 } 1 .. 200;
    my $entries = $nginx->zone->{entries};

    cmp_ok($entries, '>=', $small, 'what is smaller is carried over');
    cmp_ok($entries, '<=', 200 - $large, 'what is larger is dropped');
    is((told())[-1][1], 200 - $entries, 'the notice counts it');
    is(get(page(1))->{cache}, 'HIT', 'a small page is a hit');
    is(get(page(19))->{cache}, 'MISS', 'a large one is a miss');

    # whatever two sizes are next to each other
    for my $max_object (65536, 65537, 65600, 81600, 65536) {
        $nginx->reload(http => zone("16m max_object=$max_object"));
        is($nginx->zone->{max_object}, $max_object,
           "a reload with max_object=$max_object");
    }

    is(get(page(1))->{cache}, 'HIT', 'a page is a hit after all of them');

    my $told = told();
    ok($nginx->reload, 'a reload with the same sizes');
    is(scalar told(), $told, 'carries nothing, it keeps the zone');
    is(get(page(1))->{cache}, 'HIT', 'with all that is in it');
    ok($nginx->reload(http => zone('16m')), 'back to the first sizes');
}


# --- times -------------------------------------------------------------------

{
    get('/short');
    is(get('/short')->{cache}, 'HIT', 'a page is fresh for some time');

    ok($nginx->reload(http => zone('20m')), 'a reload with another size');
    ok(HC::wait_until(sub { get('/short')->{cache} ne 'HIT' }, 10),
       'the page is not fresh for longer than it was');
    $app->stop;
    ok(HC::wait_until(sub { get('/short')->{cache} eq 'STALE' }, 10),
       'when the app is gone it is stale');
    ok($nginx->reload(http => zone('24m')), 'a reload with another size');
    is(get('/short')->{cache}, 'STALE', 'a stale page is carried over, too');
    $app->start;
}


# --- writes ------------------------------------------------------------------

{
    get($_) for qw(/w/before /w/after /purge/before /purge/after);
    ask('POST', '/w/before');
    ask('PURGE', '/purge/before');
    ok($nginx->reload(http => zone('16m')), 'a reload with another size');

    isnt(get('/w/before')->{cache}, 'HIT',
         'what was written before it is not carried over');
    isnt(get('/purge/before')->{cache}, 'HIT',
         'nor what was purged before it');
    is(get('/w/after')->{cache}, 'HIT', 'another page is');

    ask('POST', '/w/after');
    isnt(get('/w/after')->{cache}, 'HIT',
         'a write invalidates what was carried over');
    is(get('/purge/after')->{cache}, 'HIT', 'yet another page is, too');
    is(ask('PURGE', '/purge/after')->{status}, 204, 'a purge');
    isnt(get('/purge/after')->{cache}, 'HIT', 'takes it out, too');
}

# a write that an old worker has in hand

{
    my $uri = '/held?gate=1';
    my $writer = HC::Client->new($nginx->port);

    get($uri);
    $writer->send('POST', $uri);
    HC::wait_until(sub { $app->count(qr{^POST /held}) }, 5);

    ok($nginx->reload(http => zone('20m')),
       'a reload while an old worker has a write in hand');
    is(get($uri)->{cache}, 'HIT', 'its page is carried over');

    $app->set('two');
    $app->release;
    is($writer->answer('POST')->{status}, 200, 'the write ends');

    my $answer = get($uri);
    is(HC::App::version_of($answer->{body}, $uri), 'two',
       'the new workers know of it');
}


# --- the old ones are left alone ---------------------------------------------

{
    my $told = told();
    my @workers = $nginx->workers;

    get('/kept');
    $nginx->configure(http => zone('10m'));

    my ($rc) = $nginx->test_configuration;
    is($rc, 0, 'nginx -t of another size is fine');
    is(scalar told(), $told, 'and carries nothing');

    $nginx->configure(http => zone('10m') . "server { listen 256.0.0.1:1; }");
    $nginx->may_log(qr/host not found|invalid/);
    $nginx->signal('HUP');
    ok(HC::wait_until(sub { $nginx->log =~ /256\.0\.0\.1/ }, 5),
       'a reload that cannot be');

    # one that fails after the zones are made: a port that is taken
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);

    $nginx->may_log(qr/bind\(\)|still could not bind/);
    $nginx->configure(http => zone('10m')
                      . 'server { listen 127.0.0.1:' . $taken->sockport
                      . '; }');
    $nginx->signal('HUP');
    ok(HC::wait_until(sub { $nginx->log =~ /still could not bind/ }, 20),
       'and one that fails after it has carried');

    is_deeply([$nginx->workers], \@workers, 'the workers stay');
    is(get('/kept')->{cache}, 'HIT', 'with what they have');
    is($nginx->zone->{size}, 20 * 1024 * 1024, 'in the zone they have');
    is($nginx->zone->{resets}, 0, 'which is sound');

    $nginx->configure(http => zone('20m'));
}

$nginx->done;
done_testing();
