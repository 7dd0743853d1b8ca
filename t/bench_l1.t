# make bench-l1, for a moment: what it prints and writes.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use JSON::PP ();

use Test::More;

chdir(dirname(dirname(abs_path(__FILE__)))) or die $!;

# a make of its own: not the jobs of one that runs us
delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};

my $json = File::Temp->new;

my $cores = () = `cat /proc/cpuinfo` =~ /^processor\b/mg;

if ($cores < 2) {
    plan(skip_all => 'one core');
}

is(system(qw(make -s build/bench/throughput)), 0, 'it builds');

my $out = `build/bench/throughput --rounds=2 --ms=20 --json=$json 2>&1`;

is($?, 0, 'it ends well') or diag($out);

my $got = JSON::PP->new->decode(join '', <$json>);

for my $mode (qw(get mix put)) {
    cmp_ok($got->{$mode}{$_}, '>', 0, "$mode: $_")
        for qw(ns_one ns_two scaling);
}

like($out, qr/^$_: \d+ ns with one process, \d+ ns with two, two do [\d.]+ /m,
     "$_ are printed")
    for 'gets only', '95 % gets, 5 % puts', 'puts only';

$out = `build/bench/throughput --rounds=0 2>&1`;
is($? >> 8, 2, 'rounds that are none');

done_testing();
