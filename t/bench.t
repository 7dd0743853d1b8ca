# The bench, in a moment and with nginx alone: what it writes is whole, what is
# wrong with a peer is told, nothing is left running.  Nothing here is about
# speed.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Temp ();
use JSON::PP ();
use Time::HiRes qw(sleep time);

use Test::More;

my $TOP = dirname(dirname(abs_path(__FILE__)));
my $COMPARE = "$TOP/bench/compare";

plan skip_all => 'no wrk' if system('command -v wrk >/dev/null') != 0;

delete @ENV{qw(CI HC_BENCH_STRICT HC_BENCH_NGINX)};
$ENV{HC_BENCH_HAPROXY} = '/nonexistent/haproxy';


sub slurp {
    my ($file) = @_;

    open my $in, '<:raw', $file or return '';
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
}


sub spew {
    my ($file, $text) = @_;

    open my $out, '>:raw', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}


sub wait_until {
    my ($true, $seconds) = @_;
    my $end = time + $seconds;

    until ($true->()) {
        return 0 if time > $end;
        sleep 0.02;
    }

    return 1;
}


# A machine in trouble may fail requests of any peer, which the bench tells and
# gives no number: then it is asked again.  What is asked for has to be told of
# in vain three times to fail.

sub bench_until {
    my ($well, %option) = @_;
    my $run;

    for (1 .. 3) {
        $run = bench(%option);
        last if $well->($run);
    }

    return $run;
}


# bench(option => value, ...): its exit code, what it said, what it wrote.

sub bench {
    my %option = @_;
    my $dir = File::Temp->newdir;
    my @options = map { ("--$_", $option{$_}) } sort keys %option;
    my $said = `python3 $COMPARE/run.py --plan tiny --out $dir @options 2>&1`;

    return {
        rc => $? >> 8,
        said => $said,
        svg => slurp("$dir/bench.svg"),
        json => eval { JSON::PP->new->decode(slurp("$dir/bench.json")) } || {},
    };
}


# A copy of the templates, some of them changed: name => [from, to]

sub templates {
    my %change = @_;
    my $dir = File::Temp->newdir;

    copy($_, "$dir") or die "$_: $!" for glob "$COMPARE/conf/*";

    for my $name (keys %change) {
        my ($from, $to) = @{ $change{$name} };

        (my $text = slurp("$dir/$name")) =~ s/$from/$to/
            or die "no $from in $name";
        spew("$dir/$name", $text);
    }

    return $dir;
}


sub children {
    my ($parent) = @_;

    return grep { slurp("/proc/$_/stat") =~ /\) [^Z] $parent / }
           map { m{/(\d+)$} } glob '/proc/[0-9]*';
}


# --- all is well, but for one that is not installed --------------------------

my $run = bench_until(sub { $_[0]{rc} == 0 },
                      peers => 'return200,static,hc,proxy_cache,haproxy');
my @scenarios = @{ $run->{json}{scenarios} || [] };

is($run->{rc}, 0, 'a bench whose peers all answer ends with 0')
    or diag($run->{said});

is(scalar @scenarios, 2, 'every scenario is in the JSON');

for my $scenario (@scenarios) {
    my $peers = $scenario->{peers};

    is_deeply([sort keys %$peers], [qw(hc proxy_cache return200 static)],
              "$scenario->{name}: every peer is in it");
    is_deeply($scenario->{errors}, {}, "$scenario->{name}: without errors");

    is(scalar(grep { $_->{rps} > 0 && $_->{cpu_us} >= 0 && $_->{p99_us} > 0
                     && @{ $_->{runs} } == 1 } values %$peers), 4,
       "$scenario->{name}: every row is whole, with its raw values");
    is($peers->{return200}{to_floor}, 1, "$scenario->{name}: the floor is 1");
    is($peers->{hc}{to_ours}, 1, "$scenario->{name}: and this module its own");
}

is(scalar(grep { $run->{json}{machine}{$_} } qw(cpu cores kernel system)), 4,
   'the JSON says on what it was measured');
like($run->{json}{date}, qr/^\d{4}-\d\d-\d\d$/, 'and when');
ok($run->{json}{versions}{nginx} || !-e '/usr/bin/dpkg-query',
   'and with which versions');

like($run->{said}, qr/^this module +[\d,]+ /m, 'the table has this module');
like($run->{said}, qr/^nginx proxy_cache, tmpfs +[\d,]+ /m, 'and its peers');

is(() = $run->{svg} =~ /<rect x=/g, 8, 'the chart has a bar for each number');
is(system("printf %s '" . $run->{svg} =~ s/'/'\\''/gr . "' | python3 -c "
          . "'import sys, xml.dom.minidom as x; x.parse(sys.stdin)'"), 0,
   'and is well-formed');

like($run->{said}, qr/^SKIPPED HAProxy cache: no haproxy/m,
     'a peer that is not installed is named');
is_deeply($run->{json}{skipped}, { haproxy => ['haproxy'] }, 'in the JSON too');


# --- what is wrong is told ---------------------------------------------------

{
    local $ENV{CI} = 1;

    $run = bench(peers => 'return200,haproxy');
    is($run->{rc}, 1, 'where nothing may be skipped, a skipped peer fails');
}

my $broken = templates('static.conf' => [qr/location \/ \{.*\}/,
                                         'location / { return 200 "no"; }'],
                       'hc.conf' => [qr/hc_cache_valid .*;/,
                                     'hc_no_cache 1;']);

$run = bench_until(sub { $_[0]{json}{scenarios}[0]{peers}{return200} },
                   peers => 'return200,static,hc', conf => $broken);

is($run->{rc}, 1, 'a peer that does not answer right fails the bench');
like($run->{said}, qr/^ERROR nginx static.*: Content-Length 2 instead of/m,
     'another body is told');
like($run->{said}, qr/^ERROR this module: not hits: the origin was asked \d+/m,
     'so is a cache that asks the origin');
is_deeply([sort keys %{ $run->{json}{scenarios}[0]{peers} }], ['return200'],
          'neither has a number, and the others go on');


# --- an interrupted bench ----------------------------------------------------

my $out = File::Temp->newdir;
my $pid = fork;

if (!$pid) {
    open STDERR, '>', "$out/stderr" or die $!;
    open STDOUT, '>&', \*STDERR or die $!;
    exec 'python3', "$COMPARE/run.py", '--plan', 'tiny', '--out', $out,
         '--peers', 'return200,static,hc' or die $!;
}

my @servers;

wait_until(sub {
    @servers = grep { slurp("/proc/$_/cmdline") =~ /nginx/ } children($pid);
    return @servers >= 2;
}, 20);

my ($dir) = slurp("/proc/$servers[0]/cmdline") =~ m{([^\0 ]*hc-bench-[^/]+)/};

kill INT => $pid;
waitpid $pid, 0;

isnt($?, 0, 'an interrupted bench says so');
ok(wait_until(sub { !grep { -e "/proc/$_" } @servers }, 20),
   'and leaves no server');
ok($dir && !-e $dir, 'and no directory');


# --- README ------------------------------------------------------------------

SKIP: {
    skip 'no results yet', 1 if !-e "$TOP/bench/results/bench.json";

    is(system('python3', "$COMPARE/readme.py", '--check'), 0,
       'README.md says what the results say');
}

done_testing();
