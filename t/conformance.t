# HTTP's rules for caches, by the public suite http-cache-tests: no required
# test fails but those that are listed.  make conformance prints them all.
#
# The suite comes from the npm registry; without it this fails.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use JSON::PP ();

use Test::More;

my $TOP = dirname(dirname(abs_path(__FILE__)));
my $REQUIRED = 157;
my $SURROGATE = 'surrogate-control';


sub slurp {
    my ($file) = @_;

    open my $in, '<:raw', $file or return '';
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
}


# run(option => value, ...): its exit code, what it said, the rows it wrote.

sub run {
    my %option = @_;
    my $dir = File::Temp->newdir;
    my @options = map { "--$_='$option{$_}'" } sort keys %option;
    my $file = join '-', 'hc', $option{id} || ();
    my $said = `python3 $TOP/conformance/run.py --out='$dir' @options 2>&1`;

    return {
        rc => $? >> 8,
        said => $said,
        rows => eval { JSON::PP->new->decode(slurp("$dir/$file.json")) } || [],
    };
}


sub known_failures {
    my @lines = split /\n/, slurp("$TOP/conformance/known-failures");

    return sort grep { length } map { s/#.*//r =~ s/\s//gr } @lines;
}


my $run = run();
my @required = grep {
    $_->{kind} eq 'required' && $_->{suite} ne $SURROGATE
} @{ $run->{rows} };

is(scalar @required, $REQUIRED, 'every required test is played')
    or diag($run->{said});

is_deeply([sort map { $_->{id} } grep { !$_->{passed} } @required],
          [known_failures()],
          'the required tests that fail are those in known-failures')
    or diag($run->{said});

is($run->{rc}, 0, 'make conformance ends well');


$run = run(id => 'freshness-max-age');

like($run->{said}, qr/Server request 1\b.*Client response 2\b/s,
     'one test is told with what was said');

is(scalar @{ $run->{rows} }, 1, 'one test is played alone');

done_testing();
