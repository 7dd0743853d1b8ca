# make stress, for some seconds: what it prints, and that it tells right from
# wrong.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use Test::More;

chdir(dirname(dirname(abs_path(__FILE__)))) or die $!;

# a make of its own: not the jobs of one that runs us
delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};

# others use the machine, too, and what holds a lock may have no core
my $LONGEST = 2000;


sub stress {
    my $out = `build/bench-hooks/stress --longest=$LONGEST @_ 2>&1`;

    is($?, 0, 'it ends well') or diag($out);

    return { $out =~ /^(.*?): (.*)$/mg };
}


sub is_sound {
    my ($got) = @_;

    is($got->{$_}, 0, "$_: none")
        for 'wrong', 'unsound', 'pins left', 'processes left';

    cmp_ok($got->{$_}, '>', 0, "$_: some")
        for 'gets', 'hits', 'stale', 'puts', 'replaced', 'evictions',
            'expired', 'invalidated', 'deletes', 'checks';
}


is(system(qw(make -s build/bench-hooks/stress)), 0, 'it builds');

subtest 'processes that only work' => sub {
    is_sound(stress('--seconds=2'));
};

subtest 'processes that are killed' => sub {
    my $got = stress('--seconds=4', '--kill', '--processes=3');

    is_sound($got);
    cmp_ok($got->{'killed at random'}, '>', 10, 'killed at random');
    cmp_ok($got->{'killed at pause points'}, '>', 10, 'and at pause points');
    cmp_ok($got->{'pause points killed at'}, '>', $got->{'pause points'} / 2,
           'most of the points there are');
    cmp_ok($got->{'checks'}, '>', 20, 'checked after each');
    cmp_ok($got->{'longest pause ms, waits for a core not counted'}, '<',
           $LONGEST, 'the others went on');
};

subtest 'by make' => sub {
    my $out = `make -s stress SECONDS=1 2>&1`;

    is($?, 0, 'it ends well') or diag($out);
    like($out, qr/^wrong: 0$/m, 'and says so');
};

subtest 'options that are none' => sub {
    for my $option (qw(--seconds=0 --seconds=x --processes=65 --size=1k
                       --none one))
    {
        my $out = `build/bench-hooks/stress $option 2>&1`;

        is($? >> 8, 2, "$option: exit code 2");
        like($out, qr/is not a number from|usage: stress/, 'and why');
    }
};

done_testing();
