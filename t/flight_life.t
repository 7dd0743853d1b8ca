# What wakes waiting requests lives as long as the master: made once, kept over
# reloads and deaths of workers, and gone without a word in the log.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Nginx;


my $SERVER = <<'END';
    server {
        listen 127.0.0.1:%PORT%;
        location / { return 200 "one\n"; }
        location = /status { hc_status; }
    }
END

my $HTTP = 'hc_zone zone=pages:4m;' . $SERVER;

my $nginx = HC::Nginx->start(http => $HTTP);

$nginx->may_log(qr/worker process \d+ exited on signal 9/);


# Of a process, by what they are: eventfds, those that are closed on exec.

sub eventfds {
    my ($pid) = @_;

    return grep { (readlink($_) || '') =~ /eventfd/ } glob "/proc/$pid/fd/*";
}


sub kept_on_exec {
    my ($pid) = @_;

    return grep {
        my ($number) = m{(\d+)$};
        my ($flags) = slurp("/proc/$pid/fdinfo/$number") =~ /flags:\s+(\d+)/;
        !(oct($flags) & 02000000);
    } eventfds($pid);
}


sub slurp {
    open my $in, '<', $_[0] or return '';
    local $/;

    return scalar <$in>;
}


sub descriptors { return scalar(() = glob "/proc/$_[0]/fd/*") }


# --- in the master -----------------------------------------------------------

my @first = eventfds($nginx->master);
my $made = @first;
my $open;

cmp_ok($made, '>=', 128, 'the master has an eventfd for each worker there may '
                         . 'be');
is(scalar kept_on_exec($nginx->master), 0,
   'a program that it may execute inherits none of them');

for my $n (1 .. 3) {
    ok($nginx->reload, "reload $n");
    ok($nginx->old_workers_are_gone, "the workers before reload $n end");

    # the channels to the first workers take their places by then
    $open = descriptors($nginx->master) if $n == 1;
}

is_deeply([eventfds($nginx->master)], \@first, 'reloads make no others');
is(descriptors($nginx->master), $open, 'and leave no descriptor open');


# --- in a worker -------------------------------------------------------------

my ($victim) = $nginx->workers;

kill KILL => $victim;

ok(HC::wait_until(sub {
       my @now = $nginx->workers;
       return @now == 2 && !grep { $_ == $victim } @now;
   }), 'a worker that is killed is followed by another');
is(descriptors($nginx->master), $open, 'the master has as many descriptors');
ok(HC::wait_until(sub { $nginx->answers }), 'nginx answers');


# --- without zones -----------------------------------------------------------

ok($nginx->reload(http => $SERVER), 'a reload that takes the zone away');
ok($nginx->old_workers_are_gone, 'the workers with the zone end');
is(scalar eventfds($nginx->master), $made - 128,
   'the master closes what nobody needs');

ok($nginx->reload(http => $HTTP), 'a reload that brings it back');
is(scalar eventfds($nginx->master), $made, 'the master makes them anew');

ok($nginx->reload(workers => 4), 'a reload with more workers');

$nginx->configure(http => 'hc_zone zone=pages:4m;' . $SERVER
                          . 'server { listen 192.0.2.1:1; }');
$nginx->signal('HUP');
ok(HC::wait_until(sub { $nginx->log =~ /bind\(\) to 192\.0\.2\.1:1 failed/ }),
   'a reload that fails');
$nginx->may_log(qr/bind\(\) to 192\.0\.2\.1:1 failed/);
ok(HC::wait_until(sub { eventfds($nginx->master) == $made }),
   'it leaves and takes none');
$nginx->configure(http => $HTTP);

ok($nginx->reload, 'and one that does not follows it');
$nginx->done('master and workers');


# --- with others than workers ------------------------------------------------

my $cache = HC::Nginx->start(http => <<'END' . $HTTP);
    proxy_cache_path %DIR%/cache keys_zone=nginx:1m;
END

ok($cache->reload, 'a reload beside a cache manager and loader');
$cache->done('cache manager');


# --- a single process --------------------------------------------------------

my $single = HC::Nginx->start(main => 'master_process off;', http => $HTTP,
                              workers => 0);

cmp_ok(scalar eventfds($single->master), '>=', 128,
       'a single process has them');

$single->done('single process');


done_testing();
