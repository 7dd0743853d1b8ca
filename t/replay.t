# make replay: a trace through the store, with results known beforehand.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Compress::Gzip qw(gzip);

use Test::More;

my $TOP = dirname(dirname(abs_path(__FILE__)));
my $DIR = tempdir(CLEANUP => 1);

chdir($TOP) or die "$TOP: $!";

# a make of its own: not the jobs of one that runs us
delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};


sub write_file {
    my ($name, $text) = @_;

    open my $fh, '>:raw', "$DIR/$name" or die "$DIR/$name: $!";
    print $fh $text;
    close $fh or die "$DIR/$name: $!";

    return "$DIR/$name";
}


# Output, what was said on stderr, exit code.

sub run {
    my (@command) = @_;

    my $pid = fork // die "fork: $!";

    if (!$pid) {
        open STDOUT, '>', "$DIR/out" or die;
        open STDERR, '>', "$DIR/err" or die;
        exec @command or die "$command[0]: $!";
    }

    waitpid $pid, 0;
    my $code = $? >> 8;

    return (map({ slurp("$DIR/$_") } qw(out err)), $code);
}


sub slurp {
    my ($file) = @_;

    local $/;
    open my $fh, '<', $file or die "$file: $!";

    return scalar <$fh> // '';
}


# What it prints of a trace, by name.

sub replay {
    my ($text, $size, @options) = @_;

    my ($out, $err, $code) = run('build/bench/replay', '--check', @options,
                                 write_file('t.csv', $text), $size);

    is("$code $err", '0 ', 'it ends well') or diag($out);

    return { $out =~ /^(.*?): (.*)$/mg };
}


sub says {
    my ($text, $want, $name, $file) = @_;

    $file = write_file($file // 'bad.csv', $text);
    my ($out, $err, $code) = run('build/bench/replay', $file, '1m');

    is($out, '', "$name: nothing is printed");
    is($code, 1, "$name: exit code 1");
    like($err, qr/^\Q$file\E:$want\n\z/, "$name: $want");
}


sub rows {
    return join '', map { "$_\n" } @_;
}


# a trace with a popular part and a scan, the same every time

sub long_trace {
    my ($n) = @_;
    my ($random, $text) = (7, "time,key,size,ttl\n");

    for my $i (1 .. $n) {
        $random = ($random * 1103515245 + 12345) % 2**31;
        my $key = $i % 3 ? ($random >> 8) % 100 : 1000 + $i;
        $text .= "$i,key-$key," . ($key * 37 % 20000) . ",0\n";
    }

    return $text;
}


my (undef, $said, $built) = run(qw(make -s build/bench/replay));
is($built, 0, 'it builds') or diag($said);


subtest 'hits and misses, in objects and bytes' => sub {
    my $got = replay(rows('time,key,size,ttl', '1,a,100,0', '2,b,300,0',
                          '3,a,100,0', '3,a,100,0', '4,c,400,0'), '1m');

    is($got->{'requests'}, 5, 'requests');
    is($got->{'object miss ratio'}, '0.6000', 'three of five missed');
    is($got->{'byte miss ratio'}, '0.8000', '800 of 1000 bytes missed');
    is($got->{'entries'}, 3, 'entries');
    is($got->{'payload bytes'}, 803, 'bodies and keys');
    is($got->{'zone bytes'}, 1048576, 'the zone, all of it');
    is($got->{'unique bytes'}, 800, 'each key counted once');
};


subtest 'an object is fresh for its ttl, in seconds' => sub {
    my $got = replay(rows('10,a,50,3', '12,a,50,3', '13,a,50,3', '15,a,50,3',
                          '16,a,50,3', '9000,b,1,0', '99000,b,1,0'), '1m');

    is($got->{'misses'}, 4, 'a missed at 10, 13 and 16, b once');
    is($got->{'stores'}, 4, 'and was stored again');
    is($got->{'wrong hits'}, 0, 'with the right bytes');
};


subtest 'the line ends, and a header that is missing' => sub {
    my $got = replay("1,a,10,0\r\n2,a,10,0\r\n3,b,0,0", '1m');

    is($got->{'requests'}, 3, 'three requests');
    is($got->{'misses'}, 2, 'a with CRLF is a');
    is($got->{'unique bytes'}, 10, 'an object may be empty');
};


subtest 'an object that has grown is as it was stored' => sub {
    my $got = replay(rows('1,a,10,2', '2,a,20,2', '3,a,30,2', '4,a,5,2'),
                     '1m');

    is($got->{'misses'}, 2, 'at 1 and at 3');
    is($got->{'byte miss ratio'}, '0.6154', '40 of 65 bytes');
    is($got->{'payload bytes'}, 31, 'what was stored last');
};


subtest 'an object above max_object' => sub {
    my $got = replay(rows('1,a,2000,0', '2,a,2000,0', '3,b,900,0',
                          '4,b,900,0', '5,c,1099511627776,0'),
                     '1m', '--max-object=1k');

    is($got->{'max object'}, 1024, 'is set');
    is($got->{'too large'}, 3, 'is not stored');
    is($got->{'misses'}, 4, 'and misses each time');
};


subtest 'the sums of a trace that does not fit' => sub {
    my $text = long_trace(6000);
    my $got = replay($text, '1m');

    is($got->{'requests'}, 6000, 'every request');
    cmp_ok($got->{'evictions'}, '>', 0, 'some were evicted');
    is($got->{'wrong hits'}, 0, 'every hit had the right bytes');
    is($got->{'store'}, 'sound', 'the store is sound');

    is($got->{'stores'} + $got->{'too large'} + $got->{'no memory'},
       $got->{'misses'}, 'every miss was stored or said why not');
    is($got->{'entries'} + $got->{'evictions'} + $got->{'expired'},
       $got->{'stores'}, 'what was stored is there or went');
    is($got->{'object miss ratio'}, sprintf('%.4f', $got->{'misses'} / 6000),
       'the ratio is that of the misses');
    cmp_ok($got->{'payload bytes'}, '<', $got->{'zone bytes'},
           'the payload lies in the zone');

    my $larger = replay($text, '10m');
    cmp_ok($larger->{'misses'}, '<', $got->{'misses'},
           'a larger zone misses less');
    is($larger->{'misses'}, $larger->{'unique objects'},
       'one that holds it all misses each key once');
};


subtest 'a size as a share of the unique bytes' => sub {
    my $text = rows('1,a,3000000,0', '2,b,1000000,0', '3,a,3000000,0');

    is(replay($text, '50%')->{'zone bytes'}, 2_000_000, '50%');
    is(replay($text, '62.5%')->{'zone bytes'}, 2_500_000, '62.5%');
    is(replay($text, '2048k')->{'zone bytes'}, 2 << 20, '2048k');
};


subtest 'gzip data' => sub {
    my $text = long_trace(3000);
    my ($plain, $packed) = ($text, '');

    gzip(\$plain => \$packed) or die;
    my $file = write_file('t.csv.gz', $packed);
    my ($out, $err, $code) = run('build/bench/replay', $file, '1m');

    is("$code $err", '0 ', 'it ends well');
    like($out, qr/^requests: 3000$/m, 'all of it is read');

    says(substr($packed, 0, length($packed) / 2),
         '\d+: gzip data is cut off', 'cut in the middle', 'cut.csv.gz');
    says(substr($packed, 0, -4), '3002: gzip data is cut off',
         'cut in its trailer', 'cut.csv.gz');
    says($text, '1: not gzip data', 'a name that promises it', 'no.csv.gz');

    substr($packed, length($packed) / 2, 20) = 'x' x 20;
    says($packed, '\d+: .+', 'damaged', 'bad.csv.gz');
};


subtest 'broken lines' => sub {
    my $header = "time,key,size,ttl\n1,a,1,0\n";

    says("${header}2,a,1\n", '3: a field is missing: .+', 'three fields');
    says("$header\n2,a,1,0\n", '3: a field is missing: .+', 'an empty line');
    says("${header}2,a,1,0,9\n", '3: a field too many: .+', 'five fields');
    says("${header}2,,1,0\n", '3: key is missing', 'no key');
    says("${header}2,a,,0\n", '3: size is missing: ""', 'no size');
    says("${header}x,a,1,0\n", '3: time is not a number: "x"', 'a word');
    says("${header}2,a,1.5,0\n", '3: size is not a number: "1.5"',
         'a fraction');
    says("${header}2,a,-1,0\n", '3: size is negative: "-1"', 'a negative one');
    says("${header}2,a,1,0 \n", '3: ttl is not a number: "0 "', 'a blank');
    says("${header}2,a,99999999999999999999,0\n",
         '3: size is too large: "9+"', 'above 64 bits');
    says("${header}2,a,1099511627777,0\n", '3: size is too large: .+',
         'above a TiB');
    says("${header}9223372036854775807,a,1,0\n", '3: time is too large',
         'a time that has too many ms');
    says("${header}0,a,1,0\n", '3: time goes backwards', 'an earlier time');
    says("2," . 'k' x 70000 . ",1,0\n", '1: key is longer than 65535 bytes',
         'a long key');
    says('2,' x 200000, '1: the line is too long', 'a long line');
};


subtest 'files that are none' => sub {
    says('', '1: the file ends without a request', 'an empty file');
    says("time,key,size,ttl\n", '2: the file ends without a request',
         'only a header');

    my (undef, $err, $code) = run('build/bench/replay', "$DIR/none", '1m');

    is($code, 1, 'exit code 1');
    is($err, "$DIR/none: No such file or directory\n", 'there is no file');

    (undef, $err, $code) = run('build/bench/replay', $DIR, '1m');
    is($code, 1, 'exit code 1');
    like($err, qr/^\Q$DIR\E:1: Is a directory$/, 'a directory');
};


subtest 'sizes that are none' => sub {
    my $file = write_file('t.csv', "1,a,5000000,0\n");

    for my $size (qw(x 1x -1m 1m% % 5%% 99999999999999999999 1mm), '') {
        my (undef, $err, $code) = run('build/bench/replay', '--', $file,
                                  $size);

        is($code, 1, "\"$size\": exit code 1");
        like($err, qr/^replay: SIZE is .*: "\Q$size\E"$/, 'and why');
    }

    for my $size (qw(1k 1% 900000)) {
        like((run('build/bench/replay', $file, $size))[1],
             qr/^replay: SIZE is too small, 1m is the least: "$size"$/,
             "$size is too small");
    }

    like((run('build/bench/replay', '--max-object=0', $file, '1m'))[1],
         qr/max_object is bytes/, 'max_object 0');
    is((run('build/bench/replay', $file))[2], 2, 'no size at all');
};


subtest 'by make' => sub {
    my $file = write_file('t.csv', rows('1,a,10,0', '2,a,10,0'));
    my ($out, $err, $code) = run('make', '-s', 'replay', "TRACE=$file",
                                 'SIZE=1m', 'MAX_OBJECT=64k', 'CHECK=1');

    is("$code $err", '0 ', 'it ends well');
    like($out, qr/\Arequests: 2\nobject miss ratio: 0.5000\n/,
         'the result is all it prints');
    like($out, qr/^max object: 65536$/m, 'MAX_OBJECT is passed');
    like($out, qr/^store: sound$/m, 'CHECK is passed');

    like((run('make', '-s', 'replay'))[1], qr/usage: make replay/,
         'it says what it needs');
};


done_testing();
