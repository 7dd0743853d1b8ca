package HC::Echo;

# An app to cache, inside the same nginx, for suites of the read path.
#
#     use HC;
#     use HC::Echo;
#
# Every block's http{} has a zone "pages" and an upstream "origin" behind a
# Unix socket; what a block says in http_config is added to it.  There is no
# location / but a block's own.  Answers show X-Cache, X-Tier and X-Reason.
#
# The n-th request of a block carries "X-Id: n", and the origin answers with
# "n\n": which request a body was made for is seen in the body.
#
# The origin does as the request's headers say: "O-Name: value" (names below)
# is sent back as "Name: value", a second time for "O2-Name"; "O-Status: 404"
# is its status (redirects go to /to/n).  What it was asked is seen in
# X-Seen-*.
#
#     --- pause
#     2: 0.5
#
# waits half a second after the second request.
#
#     --- then
#     like(http_get('/a'), qr/^1$/m, 'still the first answer');
#
# is Perl of package main, run after the last request, while nginx runs.

use strict;
use warnings;

use Test::More ();
use Test::Nginx::Socket ();
use Test::Nginx::Util ();
use Time::HiRes qw(sleep);

$ENV{TEST_NGINX_HTML_DIR} ||= Test::Nginx::Util::html_dir();

Test::Nginx::Util::no_root_location();
Test::Nginx::Util::log_level('info');

# waited three times over for error.log after every request; it is read once
# more when nginx is gone
$Test::Nginx::Util::TestNginxSleep = 0.003;

our @NAMES = qw(
    Cache-Control Expires Pragma Vary Set-Cookie Age Content-Encoding
    Content-Range X-Accel-Expires ETag Last-Modified Link Location
    X-Custom Keep-Alive Accept-Ranges Proxy-Authenticate Upgrade Warning
);

our @STATUSES = (201, 202, 203, 204, 206, 207, 300, 301, 302, 303, 304, 307,
    308, 400, 401, 403, 404, 405, 410, 414, 416, 418, 429, 451, 500, 501, 502,
    503, 504);

our @SEEN = qw(Host Range If-None-Match If-Modified-Since If-Range
    Accept-Encoding Authorization Cookie);


sub _variable {
    my ($name) = @_;

    (my $variable = lc $name) =~ tr/-/_/;

    return '$http_' . $variable;
}


sub _text {
    my ($status) = @_;

    return '' if $status == 204 || $status == 304;
    return '/to/$http_x_id' if $status =~ /^30[12378]$/;
    return '"$http_x_id\n"';
}


our $SERVER = join '',
    (map { "        add_header $_ " . _variable("O-$_") . " always;\n" }
         @NAMES),
    (map { "        add_header $_ " . _variable("O2-$_") . " always;\n" }
         grep { !/^(?:ETag|Last-Modified)$/ } @NAMES),
    (map { "        add_header X-Seen-$_ " . _variable($_) . " always;\n" }
         @SEEN),
    "        add_header X-Seen-Uri \$request_uri always;\n",
    "        add_header X-Seen-Method \$request_method always;\n",
    (map { "        if (\$http_o_status = $_) {\n"
           . "            return $_ " . _text($_) . ";\n        }\n" }
         @STATUSES);


our $HTTP_CONFIG = <<"END";
    hc_zone zone=pages:4m;

    root \$TEST_NGINX_HTML_DIR;

    add_header X-Cache  \$hc_cache_status always;
    add_header X-Tier   \$hc_cache_tier always;
    add_header X-Reason \$hc_cache_reason always;

    upstream origin {
        server unix:\$TEST_NGINX_HTML_DIR/origin.sock;
    }

    server {
        listen unix:\$TEST_NGINX_HTML_DIR/origin.sock;
        large_client_header_buffers 4 128k;
        absolute_redirect off;

$SERVER
        location / {
            return 200 "\$http_x_id\\n";
        }

        location /files/ {
            alias \$TEST_NGINX_HTML_DIR/;
        }
    }
END


Test::Nginx::Util::add_block_preprocessor(sub {
    my ($block) = @_;

    my $more = $block->http_config;
    my $config = $block->config;

    # nginx is started anew for another config; what else it depends on
    # has to be seen there

    if (defined $config && (defined $more || defined $block->user_files)) {
        (my $name = $block->name) =~ s/[^\w ]//g;
        $block->set_value('config', "$config\n        # $name\n");
    }

    $block->set_value('http_config',
                      $HTTP_CONFIG . (defined $more ? $more : ''));

    my $requests = $block->request;
    my $headers = $block->more_headers;

    return if !defined $requests;

    my $n = ref $requests eq 'ARRAY' ? @$requests : 1;

    my @headers = map {
        my $own = ref $headers ? $headers->[$_] : $headers;
        $own = '' if !defined $own;
        $own =~ s/\n+\z//;

        'X-Id: ' . ($_ + 1) . (length $own ? "\n$own" : '');
    } 0 .. $n - 1;

    $block->set_value('more_headers', $n > 1 ? \@headers : $headers[0]);
});


Test::Nginx::Socket::add_response_body_check(sub {
    my ($block, $body, $i) = @_;

    my $pause = $block->pause;
    my $then = $block->then;
    my $requests = $block->request;
    my $n = ref $requests eq 'ARRAY' ? @$requests : 1;

    if (defined $pause && $pause =~ /^\s*@{[$i + 1]}\s*:\s*([\d.]+)/m) {
        sleep($1);
    }

    if (defined $then && $i == $n - 1) {
        eval "package main; no warnings 'ambiguous'; $then; 1"
            or Test::More::fail($block->name . " - $@");
    }
});


1;
