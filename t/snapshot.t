# The file of a zone: written now and then and at the exit, read at the start,
# and what comes from it is never fresh.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::App;
use HC::Client;
use HC::Nginx;

use File::Temp ();
use IO::Socket::INET;
use Time::HiRes qw(sleep time);


my $app = HC::App->start;

my $REST = <<'END';
    add_header X-Cache $hc_cache_status always;

    server {
        listen 127.0.0.1:%PORT%;

        hc_cache pages;
        hc_cache_valid 200 10m;

        location / { proxy_pass http://127.0.0.1:%APP%; }

        location /brief {
            hc_cache_valid 200 100ms;
            hc_cache_stale 2s;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location /window {
            hc_cache_valid 200 100ms;
            hc_cache_stale 8s;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_status; }
    }
END

my $nginx;
my $dir;


sub zone {
    my ($parameters, $size) = @_;

    return 'hc_zone zone=pages:' . ($size || '16m')
           . " snapshot=$dir/pages.hc $parameters;\n$REST";
}


# A directory and an nginx of their own for each part.

sub begin {
    my ($parameters, %part) = @_;

    $dir = File::Temp::tempdir('hc-snapshot.XXXXXX', TMPDIR => 1,
                               CLEANUP => 1);
    $nginx = HC::Nginx->start(APP => $app->port,
                              http => zone($parameters, delete $part{size}),
                              %part);
}


sub again {
    my ($signal) = @_;

    $nginx->stop($signal);
    $nginx->run;
}


sub ask {
    my ($method, $uri) = @_;

    my $answer = HC::Client->new($nginx->port)->ask($method, $uri)
                 || { status => 0, head => '', body => '' };

    $answer->{cache} = $answer->{head} =~ /^X-Cache: (\w+)/m ? $1 : '';

    return $answer;
}


sub get { return ask('GET', @_) }
sub cache { return get(@_)->{cache} }
sub page { return "/p/$_[0]?size=" . (100 + 977 * ($_[0] % 20)) }
sub snapshot { return $nginx->zone->{snapshot} || {} }
sub file { return HC::Nginx::_read("$dir/pages.hc") }
sub temps { my @files = glob "$dir/*.tmp"; return @files }
sub mtime { return (stat "$dir/pages.hc")[9] }
sub said { my @said = $nginx->log =~ /$_[0]/g; return scalar @said }

sub put_file {
    my ($bytes) = @_;

    unlink "$dir/pages.hc";
    HC::Nginx::_write("$dir/pages.hc", $bytes);
}


# --- written by interval -----------------------------------------------------

{
    begin('snapshot_interval=1s');
    get(page($_)) for 1 .. 50;

    ok(HC::wait_until(sub { (snapshot()->{entries} || 0) == 50 }, 10),
       'a worker writes what is there within the interval');
    is(-s "$dir/pages.hc", snapshot()->{bytes}, 'of the size it says');
    is((stat "$dir/pages.hc")[2] & 07777, 0600,
       'nobody else may read it');
    cmp_ok(abs(snapshot()->{written_at} - time()), '<', 60,
           'hc_status says when');
    is(snapshot()->{loaded}, 0, 'and that nothing was loaded');

    get('/one-more');
    ok(HC::wait_until(sub { snapshot()->{entries} == 51 }, 10),
       'it is written again when the interval has passed');
    is_deeply([temps()], [], 'nothing else is left in the directory');

    # all of the workers have a timer, one of them writes

    my %written;
    my $until = time() + 3.5;

    while (time() < $until) {
        $written{(stat "$dir/pages.hc")[1]} = 1;
        sleep 0.05;
    }

    cmp_ok(scalar keys %written, '<=', 5, 'by one worker, not by each');
    $nginx->done('by interval');
}


# --- at the exit, and back ---------------------------------------------------

for my $signal (qw(QUIT TERM)) {
    begin('');
    get(page($_)) for 1 .. 50;
    ask('POST', page(45));                   # it has a version, which ends here
    get(page(45));
    get('/private?headers=Cache-Control:%20max-age=600,%20must-revalidate%0d%0a');
    ok(!-e "$dir/pages.hc", 'there is no file before the interval is over');

    ok($nginx->stop($signal, 8), "nginx ends on $signal in time");
    like($nginx->log, qr/snapshot of 50 entries written/,
         "$signal: it has written what may be stale, and only that");

    $nginx->run;
    is(snapshot()->{loaded}, 50, "$signal: the next start loads it");
    is(said(qr/50 of 50 entries loaded/), 1, "$signal: and says so once");

    my $asked = $app->count;
    my %got;
    $got{cache(page($_))}++ for 1 .. 20;
    is_deeply(\%got, { EXPIRED => 20 },
              "$signal: none of it is a hit, each is asked for");
    is($app->count, $asked + 20, "$signal: the app is asked");
    is(cache(page(1)), 'HIT', "$signal: what it said is a hit");

    $app->stop;
    %got = ();

    for my $i (21 .. 50) {
        my $answer = get(page($i));
        $answer->{cache} = 'wrong'
            if !HC::App::version_of($answer->{body}, page($i));
        $got{$answer->{cache}}++;
    }

    is_deeply(\%got, { STALE => 30 },
              "$signal: when the app is gone, all is given stale");
    is(get('/private?headers=Cache-Control:%20max-age=600,%20must-revalidate%0d%0a')->{status},
       502, "$signal: but not what may never be stale");

    again($signal);
    is(cache(page(30)), 'STALE', "$signal: and so after the next start");
    $app->start;

    # what is loaded is watched over as anything

    ask('POST', page(40));
    $app->stop;
    is(get(page(40))->{status}, 502,
       "$signal: a write after the start invalidates what was loaded");
    is(cache(page(41)), 'STALE', "$signal: that, and nothing else");
    $app->start;
    $nginx->done($signal);
}

{
    begin('', main => 'master_process off;', workers => 0);
    get(page($_)) for 1 .. 5;
    ok($nginx->stop('QUIT'), 'a single process ends');
    $nginx->run;
    is(snapshot()->{loaded}, 5, 'and has written its file');
    $nginx->done('single');
}


# --- times -------------------------------------------------------------------

{
    begin('');
    get('/brief');
    get('/long');
    $nginx->stop;
    sleep 2.2;                               # it is to pass unused
    $nginx->run;
    is(snapshot()->{loaded}, 1, 'what is past its stale time is not loaded');
    $app->stop;
    is(get('/brief')->{status}, 502, 'and not given');
    is(cache('/long'), 'STALE', 'what is not past it is');
    $app->start;
    $nginx->done('times');
}

{
    begin('');
    get('/window');
    again();
    $app->stop;
    is(cache('/window'), 'STALE', 'a stale time that is not over goes on');
    ok(HC::wait_until(sub { get('/window')->{status} == 502 }, 20),
       'and ends when it would have');
    $app->start;
    $nginx->done('window');
}


# --- damage ------------------------------------------------------------------

{
    begin('');
    get(page($_)) for 1 .. 20;
    $nginx->stop;

    my $good = file();
    my $size = length $good;
    my @bad;

    # header, its version, a frame, a core, a key, a body, the last frame,
    # the trailer
    for my $at (0, 8, 12, 20, 31, 32, 36, 40, 44, 60, 100, 150, $size / 2,
                $size - 60, $size - 32, $size - 20, $size - 10, $size - 1)
    {
        my $bytes = $good;
        substr($bytes, $at, 1) ^= "\x01";
        push @bad, ["flipped at $at", $bytes];
    }

    for my $length (0, 1, 31, 32, 63, 64, 100, $size / 3, $size / 2,
                    $size - 33, $size - 32, $size - 1)
    {
        push @bad, ["cut at " . int $length, substr $good, 0, $length];
    }

    push @bad, ['longer', $good . 'x'], ['zeroes', "\0" x $size],
               ['text', "hello\n" x 100];

    my $starts = 0;
    my (@loaded, @silent);

    for my $bad (@bad) {
        put_file($bad->[1]);
        $nginx->run;
        $starts++;

        push @loaded, $bad->[0]
            if snapshot()->{loaded} || $nginx->zone->{entries};
        push @silent, $bad->[0]
            if said(qr/\[notice\] .*the snapshot .* (?:is damaged|is of another version)/)
               != $starts;

        $nginx->stop('TERM');
    }

    is_deeply(\@loaded, [], scalar(@bad) . ' damaged files: none is loaded');
    is_deeply(\@silent, [], 'each is told of in one notice');
    is(said(qr/is of another version/), 2,
       'another version of the format is told apart');

    put_file($good);
    $nginx->run;
    is(snapshot()->{loaded}, 20, 'the good one is loaded');
    $nginx->done('damage');
}


# --- what else may lie there -------------------------------------------------

{
    begin('');
    get(page($_)) for 1 .. 5;
    $nginx->stop;
    rename "$dir/pages.hc", "$dir/elsewhere";
    symlink "$dir/elsewhere", "$dir/pages.hc";
    my $elsewhere = HC::Nginx::_read("$dir/elsewhere");

    $nginx->run;
    is($nginx->zone->{entries}, 0, 'a link is not followed');
    is(said(qr/the snapshot .* cannot be read/), 1, 'which is said');

    # the master's own file on the way
    HC::Nginx::_write("$dir/victim", 'safe');
    symlink "$dir/victim", "$dir/pages.hc." . $nginx->master . '.tmp';
    get(page(7));
    $nginx->stop;

    is(HC::Nginx::_read("$dir/elsewhere"), $elsewhere,
       'nor is it written through');
    is(HC::Nginx::_read("$dir/victim"), 'safe',
       'not even one in place of the file on the way');
    ok(!-l "$dir/pages.hc" && -f "$dir/pages.hc", 'a file takes its place');
    $nginx->run;
    is(snapshot()->{loaded}, 1, 'which is whole');
    $nginx->stop;

    unlink "$dir/pages.hc";
    POSIX::mkfifo("$dir/pages.hc", 0600);
    $nginx->run;
    is($nginx->zone->{entries}, 0, 'a pipe does not stop the start');
    $nginx->done('links');
}


# --- reloads and nginx -t ----------------------------------------------------

{
    begin('');
    get(page($_)) for 1 .. 5;
    again();
    my $before = file();
    my $inode = (stat "$dir/pages.hc")[1];
    get(page($_)) for 1 .. 10;

    ok($nginx->reload, 'a reload');
    ok($nginx->reload(http => zone('', '32m')), 'one with another size');
    ok($nginx->old_workers_are_gone(5), 'old workers go');
    is((stat "$dir/pages.hc")[1], $inode, 'it is not written in a reload');
    is(said(qr/entries loaded/), 1, 'and not loaded');
    is(cache(page(3)), 'HIT', 'what is fresh stays fresh');
    is(snapshot()->{loaded}, 5, 'hc_status still says what was loaded');

    my ($rc, $text) = $nginx->test_configuration;
    is($rc, 0, 'nginx -t is fine');
    unlike($text, qr/loaded/, 'and does not load it');
    is((stat "$dir/pages.hc")[1], $inode, 'or write it');

    ok($nginx->reload(http => zone('snapshot_interval=1s', '32m')),
       'a reload with a shorter interval');
    ok(HC::wait_until(sub { snapshot()->{entries} == 10 }, 10),
       'holds at once');
    $nginx->done('reload');
}


# --- death while it is written -----------------------------------------------

# 14 MB are some hundred steps

sub fill {
    get("/large/$_?size=200000") for 1 .. 70;
}

{
    begin('snapshot_interval=1s', size => '32m');
    fill();
    ok(HC::wait_until(sub { (snapshot()->{entries} || 0) == 70 }, 20),
       'a large zone is written');

    my $killed;

    HC::wait_until(sub {
        my ($temp) = temps() or return;
        ($killed) = $temp =~ /\.(\d+)\.tmp$/;
        return kill KILL => $killed;
    }, 20);

    $nginx->may_log(qr/exited on signal 9/);
    my $written = snapshot()->{written_at};

    ok($killed, 'the worker that writes the next one is killed');
    ok(HC::wait_until(sub {
           (snapshot()->{written_at} || 0) > $written + 1
       }, 20), 'another one takes over');
    is(snapshot()->{entries}, 70, 'and writes all');
    ok(HC::wait_until(sub { !-e "$dir/pages.hc.$killed.tmp" }, 20),
       'what the dead one left is cleared away');

    # all at once

    HC::wait_until(sub { temps() }, 20);
    my $good = file();
    my @all = ($nginx->master, $nginx->workers);
    kill KILL => @all;
    HC::wait_until(sub { !grep { kill 0, $_ } @all[1 .. $#all] }, 5);
    $nginx->stop('KILL');

    is(file(), $good, 'kill -9 of all while it is written leaves the last one');
    $nginx->run;
    is(snapshot()->{loaded}, 70, 'which is loaded');
    ok(HC::wait_until(sub {
           (snapshot()->{entries} || 0) == 70 && temps() <= 1
       }, 20), 'what was left on the way is cleared away');
    $nginx->done('killed');
}


# --- a disk that does not want -----------------------------------------------

{
    begin('snapshot_interval=1s');
    get(page($_)) for 1 .. 5;
    rename $dir, "$dir.away";

    ok(HC::wait_until(sub { said(qr/snapshot .* cannot be created/) }, 10),
       'a directory that is gone is told of');
    sleep 2.5;                               # two more intervals
    is(said(qr/\[error\] .*snapshot .* cannot be created/), 1,
       'once, not at every interval');
    is(cache(page(1)), 'HIT', 'requests are answered all the while');

    rename "$dir.away", $dir;
    ok(HC::wait_until(sub { (snapshot()->{entries} || 0) == 5 }, 10),
       'when it is back, it is written to');
    $nginx->done('gone');
}

SKIP: {
    skip 'only root can start workers as somebody else', 11 if $> != 0;

    my $group = getgrgid((getpwnam 'nobody')[3]);

    begin('snapshot_interval=1s', user => "nobody $group", workers => 3);
    chmod 0755, $dir;
    get(page($_)) for 1 .. 5;

    is(said(qr/\[warn\] .*workers cannot write into "\Q$dir\E"/), 1,
       'a directory that workers cannot write into is told of once');
    ok(HC::wait_until(sub { said(qr/cannot be created/) }, 10),
       'they cannot');
    $nginx->stop;
    ok(-e "$dir/pages.hc", 'the master can, at the exit');

    my $nobody = getpwnam 'nobody';
    is((stat "$dir/pages.hc")[4], $nobody, 'and gives the file to them');

    # also where only the owner of a file may replace it
    chmod 01777, $dir;
    $nginx->run;
    is(snapshot()->{loaded}, 5, 'the next start loads it');
    is(said(qr/workers cannot write/), 1, 'without a warning');
    get(page($_)) for 1 .. 9;
    ok(HC::wait_until(sub { (snapshot()->{entries} || 0) == 9 }, 10),
       'when they may, workers replace it');
    $nginx->stop;
    is((stat "$dir/pages.hc")[2] & 07777, 0600, 'its mode is kept');
    $nginx->run;
    is(snapshot()->{loaded}, 9, 'and it is loaded again');
    $nginx->done('permissions');
}


# --- several zones -----------------------------------------------------------

{
    $dir = File::Temp::tempdir('hc-snapshot.XXXXXX', TMPDIR => 1,
                               CLEANUP => 1);
    $nginx = HC::Nginx->start(APP => $app->port, http =>
        "hc_zone zone=other:4m snapshot=$dir/other.hc max_object=64k;\n"
        . zone('') =~ s{(location /brief)}
                       {location /other { hc_cache other; proxy_pass http://127.0.0.1:%APP%; }
                        $1}r);

    get(page($_)) for 1 .. 5;
    get("/other/$_") for 1 .. 3;
    again();
    is($nginx->zone('pages')->{snapshot}{loaded}, 5,
       'each zone has its own file');
    is($nginx->zone('other')->{snapshot}{loaded}, 3, 'both are loaded');
    $nginx->done('two');
}

done_testing();
