# make memory-l1, in small: what it prints.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();

use Test::More;

chdir(dirname(dirname(abs_path(__FILE__)))) or die $!;

# a make of its own: not the jobs of one that runs us
delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};

my $trace = File::Temp->new(SUFFIX => '.csv');

print $trace map { "$_,key$_," . $_ * 100 . ",0\n" } 1 .. 100;
close $trace;

my $out = `make -s memory-l1 SIZE=2m MILLIONS=1 TRACE=$trace 2>&1`;

is($?, 0, 'it ends well') or diag($out);
like($out, qr/^zone bytes: 2097152$/m, 'the size of each zone');

for my $what ('bodies of 200 bytes', 'bodies of 1 KB', 'sizes of the trace') {
    my ($entries, $mean, $share, $book) = $out =~ /^\Q$what\E\s+entries\ (\d+)
        \ \ mean\ payload\ ([\d.]+)\ \ payload\ share\ ([\d.]+)
        \ \ bookkeeping\ bytes\ per\ entry\ ([\d.]+)$/mx;

    ok(defined $book, "$what: all figures");
    cmp_ok(abs($entries * ($mean + $book) / 2097152 - 1), '<', 0.01,
           "$what: payload and bookkeeping are the zone");
    cmp_ok(abs($entries * $mean / 2097152 - $share), '<', 0.01,
           "$what: the share is that of the payload");
}

like($out, qr/^replaced  1 million .* payload share 0\.\d+$/m,
     'the share after a million replacements');
like($out, qr/^store: sound$/m, 'the store is sound');

done_testing();
