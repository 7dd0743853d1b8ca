# JSON that is hostile, broken or damaged, on its way into files and out of
# them.

use strict;
use warnings;

use Test::More;

use HC ();
use HC::Files;


my $site = start(params => 'max_size=2m');
my $n = 0;

# Its client gets it; a file of it is or is not there.

sub becomes_a_file {
    my ($name, $body) = @_;
    my $target = '/f' . ++$n;

    app_has($target, $body);
    ok($site->get($target)->{body} eq $body, "$name: its client has it");
    ok($site->has("f$n.json", $body), "$name: and it is a file");
}

sub is_refused {
    my ($name, $body) = @_;
    my $target = '/f' . ++$n;
    my $refused = $site->count('refused');

    app_has($target, $body);
    ok($site->get($target)->{body} eq $body, "$name: its client has it");
    ok($site->counts('refused', $refused + 1), "$name: refused");
    ok(!defined $site->file("f$n.json"), "$name: no file");
}


subtest 'E1: depth is bounded' => sub {
    is_refused('600 kB of [', '[' x 600_000);
    is_refused('600 kB of {"a":', '{"a":' x 120_000);
    is_refused('65 deep', '[' x 65 . ']' x 65);
    becomes_a_file('64 deep', '[' x 64 . ']' x 64);
};

subtest 'E2: numbers are not converted, tokens and bytes are bounded' => sub {
    becomes_a_file('a huge exponent', '[1e999999999,-1E-999999999]');
    becomes_a_file('duplicate names', '{"a":1,"a":2}');
    is_refused('700 kB of digits', '[' . '9' x 700_000 . ']');
    is_refused('a string of 700 kB', '["' . 'x' x 700_000 . '"]');
    is_refused('bytes that are no UTF-8', "[\"\xff\xfe\"]");
    is_refused('half of a character', "[\"\xe4\xbd\"]");
    is_refused('a control byte in a string', "[\"\x01\"]");
    is_refused('a NUL', "[\"\0\"]");
};

subtest 'E3: what is broken is refused, whatever is broken about it' => sub {
    is_refused($_, $_) for
        '[', ']', '{', '{"a"', '{"a":', '{"a":1', '[1,', '[1 2]', '[,1]',
        '{a:1}', "{'a':1}", '[01]', '[1.]', '[+1]', '[NaN]', '[tru]',
        '["\\u12"]', '["\\x"]', '[1]]', '[1][2]', '{}{', '1', '"a"', 'null',
        '', ' ', '<html>', '[/*';
};

subtest 'E4: a file that is missing, cut, grown or another is not given' => sub {
    my %change = (
        missing => sub { unlink $_[0] },
        cut => sub { truncate $_[0], 5 },
        empty => sub { truncate $_[0], 0 },
        grown => sub { spew($_[0], '[' . '1,' x 2_000_000 . '1]') },
        another => sub { spew($_[0], '{"e":"other"}') },
        'a directory' => sub { unlink $_[0]; mkdir $_[0] },
    );

    for my $how (sort keys %change) {
        (my $target = "/e4/$how") =~ tr/ /_/;
        my $file = "$site->{files}$target.json";

        $site->published($target, '{"e":"first"}');
        $change{$how}->($file);
        $site->nothing_stands_in($target);
        rmdir $file;

        $site->published($target, '{"e":"again"}');
        $site->stands_in($target, '{"e":"again"}');
    }
};

subtest 'E4: a sidecar that is damaged, cut or another\'s is not believed' => sub {
    $site->published('/side/a', '{"s":"a"}');
    $site->published('/side/b', '{"s":"b"}');

    my $a = "$site->{files}/side/.a.json.hc";
    my $whole = slurp($a);
    my $given = 0;

    for my $at (0 .. length($whole) - 1) {
        my $bad = $whole;
        substr($bad, $at, 1) ^= "\x10";
        spew($a, $bad);
        $given++ if $site->get_failed('/side/a')->{status} != 500;
    }

    is($given, 0, 'one bit, anywhere');

    for my $len (0, 1, 15, 16, 17, 47, 48, length($whole) - 1) {
        spew($a, substr $whole, 0, $len);
        is($site->get_failed('/side/a')->{status}, 500, "cut at $len");
    }

    spew($a, slurp("$site->{files}/side/.b.json.hc"));
    is($site->get_failed('/side/a')->{status}, 500, 'of another target');

    spew($a, $whole);
    $site->stands_in('/side/a', '{"s":"a"}');
};

subtest 'E4: a file is told not to be kept, with the type it had' => sub {
    $site->published('/type', '{}',
                     'Content-Type: application/problem+json; charset=utf-8');
    $site->stands_in('/type', '{}', 'application/problem+json; charset=utf-8');
    like($site->get('/type')->{head}, qr/^Cache-Control: no-store\r?$/m,
         'no-store');
};

subtest 'E4: what the operator put there is given, and only while it is whole' => sub {
    spew("$site->{files}/own.json", '{"own":[1]}');
    $site->stands_in('/own', '{"own":[1]}');
    spew("$site->{files}/own.json", '{"broken":');
    $site->nothing_stands_in('/own');
};

$site->{nginx}->done;
done_testing();
