# Which answers are stored, by what they say themselves (RFC 9111, 3, 4.2).
#
# A block names the fields the origin sends, and what is to become of it:
#
#   --- stored          two requests: MISS, HIT
#   --- not_stored      four requests: two with those fields are no hits, and
#                       two to the same URI without them are MISS and HIT
#
# beside it `--- reason`, what $hc_cache_reason says, `--- uri`, where
# "/silent" is a location without hc_cache_valid, and `--- without`, a field
# that is not stored.

use HC;
use HC::Echo;

use POSIX qw(strftime);

# "Tue, 01 Jan 2030 ..." of so many seconds from now
sub http_date {
    local $ENV{LC_ALL} = 'C';
    return strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time() + shift));
}

our $config = <<'END';
    location / {
        hc_cache pages;
        hc_cache_valid 200 404 1m;
        hc_cache_valid 500 1m;
        proxy_pass http://origin;
    }

    location /silent/ {
        hc_cache pages;
        proxy_pass http://origin;
    }

    location /any/ {
        hc_cache pages;
        hc_cache_valid any 1m;
        proxy_pass http://origin;
    }
END

my $n = 0;

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('config', $config);

    my $says = defined $block->stored ? $block->stored : $block->not_stored;
    my $reason = defined $block->reason ? $block->reason : '';
    my $uri = defined $block->uri ? $block->uri : '/';
    my $plain = $uri =~ /silent/ ? "O-Cache-Control: max-age=60\n" : '';

    $says = join '', map { "O-$_\n" } grep { /\S/ } split /\n/, $says;
    $says =~ s/^O-2: /O2-/mg;
    chomp $reason;
    chomp $uri;
    $uri .= 'verdict/' . ++$n;

    my @says = defined $block->stored ? ($says, $says)
                                      : ($says, $says, $plain, $plain);
    my $miss = "X-Cache: MISS\n" . ($reason ? "X-Reason: $reason"
                                            : '!X-Reason');

    $block->set_value('request', [map { "GET $uri" } @says]);
    $block->set_value('more_headers', \@says);

    if (defined $block->stored) {
        my $without = defined $block->without ? $block->without : '';
        chomp $without;
        my $hit = 'X-Cache: HIT' . ($without && "\n!$without");

        $block->set_value('response_headers', [$miss, $hit]);

    } else {
        $block->set_value('response_headers',
                          [$miss, $miss, 'X-Cache: MISS', 'X-Cache: HIT']);
    }

    my $status = $says =~ /^O-Status: (\d+)/m ? $1 : 200;

    $block->set_value('error_code',
                      [map { /O-Status/ ? $status : 200 } @says]);

    if ($status == 200) {
        $block->set_value('response_body', defined $block->stored
            ? ["1\n", "1\n"] : ["1\n", "2\n", "3\n", "3\n"]);
    }
});

plan('no_plan');
run_tests();

__DATA__
=== an answer that says nothing lives as hc_cache_valid says
--- stored
X-Custom: 1


=== an answer that says nothing is not stored where hc_cache_valid is silent, too
--- not_stored
X-Custom: 1
--- reason: no-lifetime
--- uri: /silent/


=== max-age gives a lifetime
--- stored
Cache-Control: max-age=60
--- uri: /silent/


=== s-maxage gives a lifetime
--- stored
Cache-Control: s-maxage=60
--- uri: /silent/


=== s-maxage goes before max-age
--- stored
Cache-Control: max-age=0, s-maxage=60
--- uri: /silent/


=== s-maxage=0 goes before max-age
--- not_stored
Cache-Control: max-age=60, s-maxage=0
--- reason: expired-on-arrival
--- uri: /silent/


=== a date in Expires gives a lifetime
--- stored eval
"Expires: " . main::http_date(60) . "\n"
--- uri: /silent/


=== max-age goes before Expires
--- stored
Cache-Control: max-age=60
Expires: Thu, 01 Jan 1970 00:00:00 GMT
--- uri: /silent/


=== max-age=0 goes before Expires
--- not_stored eval
"Cache-Control: max-age=0\nExpires: " . main::http_date(60) . "\n"
--- reason: expired-on-arrival
--- uri: /silent/


=== X-Accel-Expires gives a lifetime
--- stored
X-Accel-Expires: 60
--- uri: /silent/


=== X-Accel-Expires goes before max-age
--- stored
X-Accel-Expires: 60
Cache-Control: max-age=0
--- uri: /silent/


=== X-Accel-Expires may be a point in time
--- stored eval
"X-Accel-Expires: @" . (time() + 60) . "\n"
--- uri: /silent/


=== X-Accel-Expires: 0 is not stored
--- not_stored
X-Accel-Expires: 0
--- reason: expired-on-arrival


=== X-Accel-Expires does not lift no-store
--- not_stored
X-Accel-Expires: 60
Cache-Control: no-store
--- reason: no-store


=== X-Accel-Expires does not lift private
--- not_stored
X-Accel-Expires: 60
Cache-Control: private
--- reason: private


=== an X-Accel-Expires that is no number is ignored
--- stored
X-Accel-Expires: soon


=== no-store is not stored
--- not_stored
Cache-Control: no-store
--- reason: no-store


=== no-store beside max-age is not stored
--- not_stored
Cache-Control: max-age=60, no-store
--- reason: no-store


=== no-store in a second Cache-Control is not stored
--- not_stored
Cache-Control: max-age=60
2: Cache-Control: no-store
--- reason: no-store


=== NO-STORE in capitals is not stored
--- not_stored
Cache-Control: NO-STORE
--- reason: no-store


=== private is not stored
--- not_stored
Cache-Control: private
--- reason: private


=== private beside max-age is not stored
--- not_stored
Cache-Control: private, max-age=60
--- reason: private


=== private beside public is not stored
--- not_stored
Cache-Control: public, private
--- reason: private


=== private with field names is stored without those fields
--- stored
Cache-Control: private="X-Custom", max-age=60
X-Custom: 1
--- without: X-Custom


=== private with what cannot be a field name is not stored
--- not_stored
Cache-Control: private="X Custom", max-age=60
--- reason: private


=== no-cache is not stored
--- not_stored
Cache-Control: no-cache
--- reason: no-cache


=== no-cache with field names is stored without those fields
--- stored
Cache-Control: max-age=60, no-cache="x-a, x-custom"
X-Custom: 1
--- without: X-Custom


=== no-cache="set-cookie" does not lift Set-Cookie
--- not_stored
Cache-Control: max-age=60, no-cache="set-cookie"
Set-Cookie: a=b
--- reason: set-cookie


=== Pragma: no-cache alone is not stored
--- not_stored
Pragma: no-cache
--- reason: no-cache


=== Pragma: no-cache beside Cache-Control counts for nothing
--- stored
Pragma: no-cache
Cache-Control: max-age=60


=== max-age=0 is not stored
--- not_stored
Cache-Control: max-age=0
--- reason: expired-on-arrival


=== a quoted max-age counts
--- stored
Cache-Control: max-age="60"
--- uri: /silent/


=== an extension that contains a word of ours is another word
--- stored
Cache-Control: max-age=60, x-no-store, privately


=== a quoted string that contains a directive is none
--- stored
Cache-Control: max-age=60, ext="no-store, private"


=== a Cache-Control that cannot be parsed is not stored
--- not_stored
Cache-Control: max-age=60, ext="
--- reason: no-store


=== an Expires in the past is not stored
--- not_stored
Expires: Thu, 01 Jan 1970 00:00:00 GMT
--- reason: expired-on-arrival


=== Expires: 0 is not stored
--- not_stored
Expires: 0
--- reason: expired-on-arrival


=== Expires: -1 is not stored
--- not_stored
Expires: -1
--- reason: expired-on-arrival


=== two Expires that differ are not stored
--- not_stored eval
"Expires: " . main::http_date(60) . "\n2: Expires: " . main::http_date(600) . "\n"
--- reason: expired-on-arrival


=== an answer older than its max-age is not stored
--- not_stored
Cache-Control: max-age=60
Age: 60
--- reason: expired-on-arrival


=== an answer younger than its max-age is stored
--- stored
Cache-Control: max-age=60
Age: 20
--- uri: /silent/


=== must-revalidate is stored while fresh
--- stored
Cache-Control: max-age=60, must-revalidate


=== public is stored
--- stored
Cache-Control: public


=== Set-Cookie is not stored
--- not_stored
Set-Cookie: sid=1
--- reason: set-cookie


=== Set-Cookie beside public and max-age is not stored
--- not_stored
Set-Cookie: sid=1
Cache-Control: public, max-age=60
--- reason: set-cookie


=== Vary: * is not stored
--- not_stored
Vary: *
--- reason: vary


=== Vary: Accept-Encoding of a plain answer is stored
--- stored
Vary: Accept-Encoding


=== Vary: Accept-Encoding of an encoded answer is not stored
--- not_stored
Vary: Accept-Encoding
Content-Encoding: x-test
--- reason: vary


=== Content-Range says nothing of a whole answer
--- stored
Content-Range: bytes 0-1/2


=== a 206 is not stored
--- not_stored
Status: 206
--- reason: partial
--- uri: /any/


=== a 201 that hc_cache_valid does not list is not stored
--- not_stored
Status: 201
Cache-Control: max-age=60
--- reason: status


=== a 202 that hc_cache_valid does not list is not stored
--- not_stored
Status: 202
Cache-Control: max-age=60
--- reason: status


=== a 400 that hc_cache_valid does not list is not stored
--- not_stored
Status: 400
Cache-Control: max-age=60
--- reason: status


=== a 401 that hc_cache_valid does not list is not stored
--- not_stored
Status: 401
Cache-Control: max-age=60
--- reason: status


=== a 403 that hc_cache_valid does not list is not stored
--- not_stored
Status: 403
Cache-Control: max-age=60
--- reason: status


=== a 405 that hc_cache_valid does not list is not stored
--- not_stored
Status: 405
Cache-Control: max-age=60
--- reason: status


=== a 410 that hc_cache_valid does not list is not stored
--- not_stored
Status: 410
Cache-Control: max-age=60
--- reason: status


=== a 414 that hc_cache_valid does not list is not stored
--- not_stored
Status: 414
Cache-Control: max-age=60
--- reason: status


=== a 416 that hc_cache_valid does not list is not stored
--- not_stored
Status: 416
Cache-Control: max-age=60
--- reason: status


=== a 429 that hc_cache_valid does not list is not stored
--- not_stored
Status: 429
Cache-Control: max-age=60
--- reason: status


=== a 502 that hc_cache_valid does not list is not stored
--- not_stored
Status: 502
Cache-Control: max-age=60
--- reason: status
--- uri: /silent/


=== a 503 that hc_cache_valid does not list is not stored
--- not_stored
Status: 503
Cache-Control: max-age=60
--- reason: status
--- uri: /silent/


=== a 203 that says how long is stored without being listed
--- stored
Status: 203
Cache-Control: max-age=60
--- uri: /silent/


=== a 204 that says how long is stored without being listed
--- stored
Status: 204
Cache-Control: max-age=60
--- uri: /silent/


=== a 303 that says how long is stored without being listed
--- stored
Status: 303
Cache-Control: max-age=60
--- uri: /silent/


=== a 307 that says how long is stored without being listed
--- stored
Status: 307
Cache-Control: max-age=60
--- uri: /silent/


=== a 307 that does not say how long is not stored unless it is listed
--- not_stored
Status: 307
--- reason: status
--- uri: /silent/


=== a 300 that says how long is stored without being listed
--- stored
Status: 300
Cache-Control: max-age=60
--- uri: /silent/


=== a 301 that says how long is stored without being listed
--- stored
Status: 301
Cache-Control: max-age=60
--- uri: /silent/


=== a 302 that says how long is stored without being listed
--- stored
Status: 302
Cache-Control: max-age=60
--- uri: /silent/


=== a 308 that says how long is stored without being listed
--- stored
Status: 308
Cache-Control: max-age=60
--- uri: /silent/


=== a 301 that does not say how long is not stored unless it is listed
--- not_stored
Status: 301
--- reason: no-lifetime


=== a 404 that is listed is stored
--- stored
Status: 404


=== a listed 404 lives as its max-age says
--- stored
Status: 404
Cache-Control: max-age=60


=== a listed 404 that forbids it is not stored
--- not_stored
Status: 404
Cache-Control: no-store
--- reason: no-store


=== a 404 is not stored where it is not listed
--- not_stored
Status: 404
Cache-Control: max-age=60
--- reason: status
--- uri: /silent/


=== a 410 is stored under any
--- stored
Status: 410
--- uri: /any/


=== must-understand is stored only with statuses that are understood
--- not_stored
Status: 429
Cache-Control: max-age=60, must-understand
--- reason: status
--- uri: /any/


=== must-understand of a listed 404 is stored
--- stored
Status: 404
Cache-Control: max-age=60, must-understand


=== must-understand lifts the no-store beside it
--- stored
Cache-Control: max-age=60, no-store, must-understand


=== must-understand of a 200 is stored
--- stored
Cache-Control: max-age=60, must-understand


=== any stores a 204
--- stored
Status: 204
--- uri: /any/


=== any does not mean a 500
--- not_stored
Status: 500
--- reason: status
--- uri: /any/


=== any does not mean a 400
--- not_stored
Status: 400
--- reason: status
--- uri: /any/


=== a 500 that is listed is stored
--- stored
Status: 500
--- uri: /
