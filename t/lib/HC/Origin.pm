package HC::Origin;

# A scripted app for the blocks of a suite, after `use HC;`:
#
#     use HC::Origin;
#
#     --- origin
#     [
#         [ { reply => answer(200, "Cache-Control: max-age=60", "body") } ],
#         [ { reply => answer(200, '', "a longer body"), cut => 60 } ],
#     ]
#
# starts an HC::Peer with that script on $TEST_NGINX_ORIGIN_PORT; a step waits
# for the first bytes of a request unless it says otherwise.
#
#     --- then
#     is(requests(), 2, 'the app was asked twice');
#
# runs when the block's requests are done.  Both sections are Perl of package
# main: Test::More, HC and what is below are at hand.
#
#   answer($status, $headers, $body)   with Content-Length, and a close
#   chunked($status, $headers, @pieces)
#   fastcgi($stdout, [$piece, ...])    records; END_REQUEST last
#   requests()                         how many requests the app was sent
#   requests_seen()                    what it was sent, all of it
#   origin()                           the HC::Peer
#   asks($uri, $headers)               the answer as { status, head, body }
#   header($answer, $name)
#   cache_of($answer)                  its X-Cache
#   logged($pattern)                   is it in error.log

use strict;
use warnings;

use Exporter qw(import);
use File::Temp ();
use Test::Nginx::Socket ();
use HC::Peer;

our @EXPORT = qw(
    answer chunked fastcgi requests requests_seen origin asks header cache_of logged
);

my $PEER;
my $DIR = File::Temp::tempdir('hc-origin.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $COUNT = 0;

my %TEXT = (200 => 'OK', 301 => 'Moved Permanently', 404 => 'Not Found',
    500 => 'Internal Server Error', 502 => 'Bad Gateway',
    503 => 'Service Unavailable', 504 => 'Gateway Timeout');


sub answer {
    my ($status, $headers, $body) = @_;

    return _head($status, $headers)
           . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}


sub chunked {
    my ($status, $headers, @pieces) = @_;

    return _head($status, $headers) . "Transfer-Encoding: chunked\r\n\r\n"
           . join('', map { sprintf("%x\r\n%s\r\n", length $_, $_) } @pieces)
           . "0\r\n\r\n";
}


sub _head {
    my ($status, $headers) = @_;

    $headers = '' unless defined $headers;
    $headers =~ s/\n?$/\n/ if length $headers;
    $headers =~ s/\r?\n/\r\n/g;

    return "HTTP/1.1 $status " . ($TEXT{$status} || 'Status') . "\r\n"
           . "Connection: close\r\n$headers";
}


# a record has its type, request 1, and no padding

sub fastcgi {
    my (@stdout) = @_;

    my $record = sub {
        my ($type, $data) = @_;
        return pack('CCnnCC', 1, $type, 1, length $data, 0, 0) . $data;
    };

    return join('', map { $record->(6, $_) } @stdout)
           . $record->(6, '') . $record->(3, "\0" x 8);
}


sub origin { return $PEER }


sub requests_seen { return $PEER ? $PEER->recorded : '' }


# a FastCGI request begins with its BEGIN_REQUEST record

sub requests {
    my $all = requests_seen();

    return scalar(() = $all =~ m{^[A-Z]+ \S+ HTTP/1\.[01]\r$}mg)
           + scalar(() = $all =~ m{\x01\x01\x00\x01\x00\x08\x00\x00}g);
}


sub asks {
    my ($uri, $headers, %o) = @_;

    my $raw = main::http_get($uri, headers => $headers, %o);
    my ($head, $body) = split /\r\n\r\n/, $raw, 2;

    $head = '' unless defined $head;
    $body = '' unless defined $body;

    my ($status) = $head =~ m{^HTTP/1\.[01] (\d+)};

    $body = _dechunked($body) if $head =~ /^Transfer-Encoding: chunked/mi;

    return { status => $status || 0, head => $head, body => $body };
}


# what is whole of it

sub _dechunked {
    my ($chunks) = @_;

    my $body = '';

    while ($chunks =~ /\G([0-9a-f]+)\r\n/gc) {
        my $from = pos $chunks;
        $body .= substr $chunks, $from, hex $1;
        pos($chunks) = $from + hex($1) + 2;
    }

    return $body;
}


sub header {
    my ($answer, $name) = @_;

    return $answer->{head} =~ /^\Q$name\E: *(.*?)\r?$/mi ? $1 : undef;
}


sub cache_of { return header($_[0], 'X-Cache') }


sub logged { return main::error_log_text() =~ $_[0] ? 1 : 0 }


# --- what blocks get ---------------------------------------------------------

$ENV{TEST_NGINX_ORIGIN_PORT} ||= 1;

# "location /" is the suite's own
Test::Nginx::Util::no_root_location();


sub _script {
    my ($script) = @_;

    for my $connection (@$script) {
        for my $step (@$connection) {
            $step->{bytes} = 1
                unless defined $step->{bytes} || defined $step->{commands};
        }
    }

    return $script;
}


sub _perl {
    my ($block, $section) = @_;

    my $code = 'package main; no strict; ' . $block->$section;
    my $value = eval $code;

    die $block->name . " --- $section: $@" if $@;

    return $value;
}


Test::Nginx::Util::add_block_preprocessor(sub {
    my ($block) = @_;

    return if !defined $block->origin;

    my $port = main::free_port();

    $PEER = HC::Peer->start(
        listen => "127.0.0.1:$port",
        record => "$DIR/" . ++$COUNT,
        script => _script(_perl($block, 'origin')),
        life => 300,
    );

    $ENV{TEST_NGINX_ORIGIN_PORT} = $port;
});


Test::Nginx::Socket::add_response_body_check(sub {
    my ($block, $body, $req_idx) = @_;

    return if !defined $block->then;

    my $all = $block->request;
    my $last = ref $all eq 'ARRAY' ? $#$all : 0;

    _perl($block, 'then') if $req_idx == $last;
});


Test::Nginx::Util::add_test_cleanup_handler(sub {
    $PEER->stop if $PEER;
    undef $PEER;
});


1;
