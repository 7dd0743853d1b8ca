# hc_static ... write: good answers as files, for whoever serves the directory
# and for the fallback; and that they go when the answer is no longer true.

use strict;
use warnings;

use Test::More;

use Fcntl qw(S_IMODE LOCK_EX);
use HC ();
use HC::Client;
use HC::Files;


my $site = start();

subtest 'a good answer is a file, and stands in when the app fails' => sub {
    $site->published('/api/p/1', '{"p":1}');
    is($site->tree, 'api/p/.1.json.hc api/p/1.json', 'with its sidecar alone');
    is(S_IMODE((stat "$site->{files}/api/p/1.json")[2]), 0644,
       'that others may read');
    $site->stands_in('/api/p/1', '{"p":1}');
};

subtest 'html, with the type the app gave it' => sub {
    $site->published('/page', '<p>', 'Content-Type: text/html; charset=koi8-r',
                     'page.html');
    $site->stands_in('/page', '<p>', 'text/html; charset=koi8-r');
};

subtest 'a subtype of JSON' => sub {
    $site->published('/problem', '{"a":[]}',
                     'Content-Type: application/vnd.api+json; v=1');
    $site->stands_in('/problem', '{"a":[]}', 'application/vnd.api+json; v=1');
};

subtest 'a URI that ends in a slash is "index"' => sub {
    $site->published('/d/', '{"d":0}', '', 'd/index.json');
    $site->published('/', '{"root":0}', '', 'index.json');
    $site->stands_in('/d/', '{"d":0}');
    $site->stands_in('/', '{"root":0}');
};

subtest 'a URI that is a directory of another' => sub {
    $site->published('/n', '{"n":1}');
    $site->published('/n/m', '{"n":2}');
    $site->stands_in('/n', '{"n":1}');
    $site->stands_in('/n/m', '{"n":2}');
};

subtest 'a name that has to be escaped' => sub {
    $site->published('/b%20c', '{"b":1}', '', 'b c.json');
    $site->stands_in('/b%20c', '{"b":1}');
};

subtest 'the newer answer replaces the older one' => sub {
    $site->published('/new', '{"v":1}');
    $site->published('/new', '{"v":2}');
    $site->stands_in('/new', '{"v":2}');
};

subtest 'the same answer once more writes nothing' => sub {
    $site->published('/same', '{"v":1}');
    my $inode = (stat "$site->{files}/same.json")[1];
    my $before = $site->count('unchanged');
    $site->get('/same');
    ok($site->counts('unchanged', $before + 1), 'counted');
    is((stat "$site->{files}/same.json")[1], $inode, 'the same file');
};

subtest 'an answer that became another type has one file' => sub {
    $site->published('/turn', '{"v":1}');
    $site->published('/turn', '<v>', 'Content-Type: text/html', 'turn.html');
    ok($site->has('turn.json'), 'the other is gone');
    $site->stands_in('/turn', '<v>', 'text/html');
};

for my $case (
    ['arguments', '/no/a?x=1'],
    ['another status', '/no/b', '{}', '', '', 'HTTP/1.1 404 Not Found'],
    ['a request with Authorization', '/no/c', '{}',
     'Cache-Control: public, max-age=5', "Authorization: Basic eA==\r\n"],
    ['a request with a Cookie', '/no/d', '{}', 'Cache-Control: max-age=5',
     "Cookie: a=b\r\n"],
    ['private', '/no/e', '{}', 'Cache-Control: private, max-age=5'],
    ['must-revalidate', '/no/f', '{}',
     'Cache-Control: max-age=5, must-revalidate'],
    ['s-maxage', '/no/g', '{}', 'Cache-Control: s-maxage=5'],
    ['stale-if-error=0', '/no/h', '{}',
     'Cache-Control: max-age=5, stale-if-error=0'],
    ['Vary', '/no/i', '{}', 'Vary: Accept-Language'],
    ['an encoding', '/no/j', '{}', 'Content-Encoding: gzip'],
    ['another type', '/no/k', 'text', 'Content-Type: text/plain'],
    ['a name with a dot before it', '/no/.l'],
    ['a directory with a dot before it', '/no/.git/l'],
    ['another way to spell a target', '/no/%6d'],
    ['an encoded slash', '/no%2Fn'],
    ['a double slash', '/no//o'],
    ['a link the client built', '/no/p', '{}', '', "X-Forwarded-Host: x\r\n"],
    ['a key of the operator', '/key/q'],
    ['a rewritten target', '/moved/r', undef, undef, undef, undef, '/to/r'],
    ['a name too long', '/no/' . 'x' x 247],
    ['a path too deep', '/no' . '/x' x 33],
    ['a cookie set', '/no/s', '{}', 'Set-Cookie: a=b'],
) {
    my ($name, $target, $body, $headers, $request, $line, $asked) = @$case;

    subtest "no file: $name" => sub {
        app_has($asked || $target, defined $body ? $body : '{}', $headers,
                $line);
        is($site->get($target, $request)->{status}, $line ? 404 : 200,
           'the client has its answer');
        ok($site->settle, 'what was published since is there');
        unlike($site->tree, qr{(?:^| )(?:no|key|to|moved)/}, 'no file');
    };
}

subtest 'no file: HEAD' => sub {
    app_has('/no/head', '{}');
    $site->get('/no/head', '', method => 'HEAD');
    ok($site->settle, 'what was published since is there');
    unlike($site->tree, qr{(?:^| )no/}, 'no file');
};

subtest 'no file: a 304 that does not say again why there is none' => sub {
    my $said = qq{Content-Type: application/json\r\nETag: "a"\r\n};

    app_has('/kept/a', '{}', $said . 'Cache-Control: max-age=0, must-revalidate');
    is($site->get('/kept/a')->{status}, 200, 'stored');
    app_has('/kept/a', '', $said . 'Cache-Control: max-age=5',
            'HTTP/1.1 304 Not Modified');
    is($site->get('/kept/a')->{body}, '{}', 'confirmed');
    ok($site->settle, 'what was published since is there');
    unlike($site->tree, qr{(?:^| )kept/}, 'no file');
};

subtest 'Vary: Accept-Encoding is no hindrance' => sub {
    $site->published('/vary', '{"v":1}', 'Vary: accept-encoding');
};

subtest 'a file is of one host, and of one way to spell it' => sub {
    $site->published('/host/a', '{"h":1}');
    app_has('/host/b', '{"h":2}');
    $site->get('/host/b', '', host => 'alias');
    ok($site->settle, 'what was published since is there');
    ok(!defined $site->file('host/b.json'), 'not of a second name');
    $site->nothing_stands_in('/host/a', '', host => 'alias');
    $site->nothing_stands_in('/host/%61');
    $site->nothing_stands_in('/host%2Fa');
    $site->stands_in('/host/a', '{"h":1}');
};

subtest 'a write removes the file of its target at once' => sub {
    $site->published('/w/a', '{"w":1}');
    $site->published('/w/b', '{"w":2}');
    is($site->get('/w/a', '', method => 'POST', body => 'x')->{status}, 200,
       'written');
    $site->nothing_stands_in('/w/a');
    ok($site->has('w/a.json'), 'and the file goes');
    ok($site->has('w/.a.json.hc'), 'with its sidecar');
    $site->stands_in('/w/b', '{"w":2}');
};

subtest 'a write that is spelled otherwise removes it, too' => sub {
    $site->published('/w/c', '{"w":1}');
    $site->get('/w/%63', '', method => 'POST', body => 'x');
    ok($site->has('w/c.json'), 'gone');
};

subtest 'a write that the app refused leaves it' => sub {
    $site->published('/w/d', '{"w":4}');
    $site->get('/w/d', "Expect: nothing\r\n", method => 'PROPFIND');
    ok($site->settle, 'what was published since is there');
    is($site->file('w/d.json'), '{"w":4}', 'still there');
};

subtest 'uri= of hc_invalidate removes the file of that target' => sub {
    $site->published('/u/a', '{"u":1}');
    $site->get('/elsewhere', "X-Uri: /u/a\r\n", method => 'POST', body => 'x');
    $site->nothing_stands_in('/u/a');
    ok($site->has('u/a.json'), 'and the file goes');
};

subtest 'PURGE of a target removes its file' => sub {
    $site->published('/u/b', '{"u":1}');
    is($site->get('/u/b', "X-Purge: 1\r\n", method => 'PURGE')->{status}, 204,
       'purged');
    $site->nothing_stands_in('/u/b');
    ok($site->has('u/b.json'), 'and the file goes');
};

subtest 'PURGE of a tag removes what has it, and nothing else' => sub {
    $site->published('/t/a', '{"t":1}', 'Cache-Tag: red blue');
    $site->published('/t/deep/b', '{"t":2}', 'Cache-Tag: red');
    $site->published('/t/c', '{"t":3}', 'Cache-Tag: blue');
    $site->get('/', "X-Purge: 1\r\nX-Tag: red\r\n", method => 'PURGE');
    $site->nothing_stands_in('/t/a');
    ok($site->has('t/a.json'), 'one goes');
    ok($site->has('t/deep/b.json'), 'so does the other');
    $site->stands_in('/t/c', '{"t":3}');
};

subtest 'an answer the app had begun before a write is not put back' => sub {
    my $file = doc('/f/a');
    app_has('/f/a', '{"old":1}');
    spew("$file.hold", '');

    my $client = HC::Client->new($site->{nginx}->port);
    $client->send('GET', '/f/a');
    ok(HC::wait_until(sub { -e "$file.held" }), 'the app has it');

    $site->get('/f/a', '', method => 'POST', body => 'x');
    spew("$file.go", '');
    is($client->answer('GET')->{body}, '{"old":1}', 'its client gets it');

    ok($site->settle, 'what was published since is there');
    ok(!defined $site->file('f/a.json'), 'no file');
};

# As another nginx that is in the middle of a rename.

sub locked {
    my ($code) = @_;

    open my $lock, '+<', "$site->{files}/.hc.lock" or die $!;
    flock $lock, LOCK_EX or die $!;
    $code->();
    close $lock;
}

sub is_being_written {
    my ($dir) = @_;
    return HC::wait_until(sub {
        my @temp = glob "$site->{files}/$dir.hc-*.tmp";
        return @temp == 2;
    });
}

subtest 'a file that is being written during a write is not put in place' => sub {
    app_has('/race/a', '{"old":1}');
    mkdir "$site->{files}/race";
    my $published = $site->count('published');

    locked(sub {
        $site->get('/race/a');
        ok(is_being_written('race/'), 'it is on its way');
        $site->get('/race/a', '', method => 'POST', body => 'x');
    });

    ok($site->settle, 'what was published since is there');
    is(join(' ', glob "$site->{files}/race/{*,.[!.]*}"), '', 'nothing is left');
    is($site->count('published'), $published + 1, 'nor was it there meanwhile');
    $site->nothing_stands_in('/race/a');
};

subtest 'of a burst the first and the last are written' => sub {
    my $published = $site->count('published');

    locked(sub {
        app_has('/many', '{"v":0}');
        $site->get('/many');
        ok(is_being_written(''), 'the first is on its way');

        for my $v (1 .. 20) {
            my $body = "{\"v\":$v}";
            app_has('/many', $body);
            HC::wait_until(sub { $site->get('/many')->{body} eq $body });
        }
    });

    ok($site->has('many.json', '{"v":20}'), 'the last is there');
    $site->stands_in('/many', '{"v":20}');
    cmp_ok($site->count('published'), '<=', $published + 4,
           'two by each worker at most');
};

subtest 'writes and reads of one target at once end with no old file' => sub {
    app_has('/burst', '{"v":1}');

    my @bad = grep { !defined $_ || $_->{bad} } HC::Client->crowd(6, sub {
        my ($n) = @_;
        my $bad = 0;

        for my $i (1 .. 20) {
            if ($n == 1) {
                app_has('/burst', "{\"v\":$i}");
                $site->get('/burst', '', method => 'POST', body => 'x');
                next;
            }

            my $got = $site->get('/burst');
            $bad++ if $got->{status} != 200;
        }

        return { bad => $bad };
    });

    is(@bad, 0, 'every client got an answer');

    $site->get('/burst');
    ok($site->has('burst.json', '{"v":20}'), 'the file has the last answer');
    is(scalar(() = $site->tree =~ /tmp/g), 0, 'nothing is left over');
    $site->stands_in('/burst', '{"v":20}');
};

subtest 'a file of the operator is not touched' => sub {
    spew("$site->{files}/own.json", "{\"mine\":1}\n");
    app_has('/own', '{"own":1}');
    $site->get('/own');
    ok($site->settle, 'what was published since is there');
    is($site->file('own.json'), "{\"mine\":1}\n", 'still there');
    $site->stands_in('/own', "{\"mine\":1}\n");
    $site->get('/own', '', method => 'POST', body => 'x');
    $site->stands_in('/own', "{\"mine\":1}\n");
};

subtest 'a damaged file or sidecar is passed over' => sub {
    $site->published('/bad/a', '{"bad":1}');
    $site->published('/bad/b', '{"bad":2}');
    $site->published('/bad/c', '{"bad":3}');

    spew("$site->{files}/bad/a.json", '{"bad":9}');
    spew("$site->{files}/bad/.b.json.hc", 'x' x 300);
    unlink "$site->{files}/bad/c.json";
    spew("$site->{files}/bad/a.html", '<bad>');

    $site->stands_in('/bad/a', '<bad>', 'text/html');
    $site->nothing_stands_in($_) for '/bad/b', '/bad/c';
    is(scalar(() = $site->{nginx}->log =~ m{hc: \S+/bad/$_.json" or the file}g),
       1, "$_: said once") for qw(a b);

    $site->published('/bad/b', '{"bad":4}');
    $site->stands_in('/bad/b', '{"bad":4}');
};

subtest 'a link inside the directory is not followed' => sub {
    my $out = "$ENV{TEST_NGINX_SERVROOT}/outside";
    mkdir $out;
    symlink $out, "$site->{files}/link" or die $!;
    symlink "$out/x.json", "$site->{files}/linked.json" or die $!;

    my $failed = $site->count('failed');
    app_has($_, '{}') && $site->get($_) for '/link/x', '/linked';
    ok($site->counts('failed', $failed + 1), 'counted');
    ok($site->settle, 'what was published since is there');
    is(join(' ', glob "$out/*"), '', 'nothing is out there');
    ok(-l "$site->{files}/linked.json", 'a link is left as it is');
    like($site->{nginx}->log, qr/\[error\].*hc: a link in the path/, 'said so');
};

subtest 'a reload knows the files and removes them' => sub {
    $site->published('/r/a', '{"r":1}');
    $site->published('/r/b', '{"r":2}');
    my $n = $site->count('files');
    ok($site->{nginx}->reload, 'reloaded');
    is($site->count('files'), $n, 'the same number');
    $site->stands_in('/r/a', '{"r":1}');
    $site->get('/r/a', '', method => 'POST', body => 'x');
    $site->nothing_stands_in('/r/a');
    ok($site->has('r/a.json'), 'gone');
    $site->stands_in('/r/b', '{"r":2}');
};

subtest 'files outlive nginx; what is written then is removed then' => sub {
    $site->published('/s/a', '{"s":1}', 'Cache-Tag: last');
    $site->published('/s/b', '{"s":2}');
    $site->published('/s/c', '{"s":3}');
    $site->{nginx}->stop;
    $site->{nginx}->run;

    $site->stands_in('/s/a', '{"s":1}');
    $site->stands_in('/s/b', '{"s":2}');
    $site->get('/', "X-Purge: 1\r\nX-Tag: last\r\n", method => 'PURGE');
    $site->get('/s/b', '', method => 'POST', body => 'x');
    $site->nothing_stands_in('/s/a');
    $site->nothing_stands_in('/s/b');
    ok($site->has('s/a.json'), 'gone');
    ok($site->has('s/b.json'), 'gone, too');
    $site->stands_in('/s/c', '{"s":3}');
};

subtest 'PURGE of everything leaves only what is the operator\'s' => sub {
    $site->published('/z/a', '{"z":1}');
    $site->get('/', "X-Purge: 1\r\nX-All: 1\r\n", method => 'PURGE');
    $site->nothing_stands_in('/z/a');
    ok(HC::wait_until(sub {
        $site->tree eq 'bad/a.html own.json'
    }), 'all gone') or diag($site->tree);
    ok($site->counts('files', 0), 'none are counted');
};

$site->{nginx}->done;


subtest 'max_files is the most there are' => sub {
    my $few = start(params => 'max_files=2');
    $few->published('/a', '{"a":1}');
    $few->published('/b', '{"b":1}');
    app_has('/c/c', '{}');
    is($few->get('/c/c')->{status}, 200, 'the client has its answer');
    ok($few->counts('refused', 1), 'counted');
    app_has('/d', '{}');
    $few->get('/d');
    ok($few->counts('refused', 2), 'counted again');
    is($few->tree, '.a.json.hc .b.json.hc a.json b.json', 'no more');
    ok(!-d "$few->{files}/c", 'nor a directory for it');
    is(scalar(() = $few->{nginx}->log =~ /\[warn\].*max_files are there/g), 1,
       'said once');

    $few->published('/a', '{"a":2}');
    $few->get('/b', '', method => 'POST', body => 'x');
    ok($few->has('b.json'), 'one goes');
    $few->published('/d', '{"d":1}');

    $few->{nginx}->stop;
    $few->{nginx}->run;
    app_has('/e', '{}');
    $few->get('/e');
    ok($few->counts('refused', 1), 'those of before are counted');
    is($few->count('files'), 2, 'two');
    $few->{nginx}->done;
};

subtest 'max_size is the longest body there is' => sub {
    my $small = start(params => 'max_size=20');
    app_has('/big', '[' . '1' x 19 . ']');
    $small->get('/big');
    ok($small->settle, 'what was published since is there');
    ok(!defined $small->file('big.json'), 'one byte too much');
    $small->published('/fits', '[' . '1' x 18 . ']');
    $small->{nginx}->done;
};

subtest 'a directory that cannot be written is the operator\'s trouble' => sub {
    my $ro = start($> == 0 ? (user => 'nobody nogroup') : ());
    chmod 0555, $ro->{files};
    app_has("/ro$_", '{}') for 1 .. 5;

    is($ro->get("/ro$_")->{status}, 200, "$_: the client has its answer")
        for 1 .. 5;
    ok($ro->counts('failed', 5), 'counted');
    is(scalar(() = $ro->{nginx}->log =~ /\[error\].*hc: .*Permission/g), 1,
       'said once');
    chmod 0755, $ro->{files};
    $ro->{nginx}->done;
};

subtest 'a directory that is not there is, too' => sub {
    my $none = start();
    rmdir $none->{files} or die $!;
    app_has('/none', '{}');
    is($none->get('/none')->{status}, 200, 'the client has its answer');
    ok($none->counts('failed', 1), 'counted');
    mkdir $none->{files};
    $none->published('/none', '{}');
    $none->{nginx}->done;
};

subtest 'a sweep that is due at the exit is made there' => sub {
    my $end = start();
    $end->published("/x$_", '{}', 'Cache-Tag: t' . $_) for 1 .. 9;
    $end->get('/', "X-Purge: 1\r\nX-Tag: t$_\r\n", method => 'PURGE')
        for 1 .. 9;
    $end->{nginx}->stop;
    is($end->tree, '', 'no file');
    $end->{nginx}->run;
    $end->{nginx}->done;
};

done_testing();
