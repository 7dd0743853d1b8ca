package HC::Files;

# A site that publishes its answers as files, and the app behind it.
#
#   use HC::Files;
#
#   app_has('/a', '{"a":1}');          # with headers, and a status line
#   app_fails('/a');                   # 500
#
#   my $site = start(params => 'max_files=2');
#
#   $site->get('/a')                   { status, head, body, cache, type }
#   $site->file('a.json')              what is in it, or undef
#   $site->has('a.json', $text)        waits for that; without text, until gone
#   $site->count('published')          of hc_status; ->counts(name, n) waits
#   $site->settle                      waits for what was asked before
#   $site->tree                        all files, but those of settle
#   $site->published('/a', $body, $headers, $file)     asserts that it is
#   $site->stands_in('/a', $body, $type)               when the app fails
#   $site->nothing_stands_in('/a')

use strict;
use warnings;

use Exporter qw(import);
use File::Path qw(make_path);
use HC ();
use HC::Nginx;
use HC::Peer;
use Test::More;

our @EXPORT = qw(app_has app_fails doc slurp spew start);

my $owner = $$;


# --- an app that answers what lies in its own directory ------------------------

# docs/_a%2Fb for /a%2Fb, an answer as it goes over the wire; with .hold beside
# it, when that is gone.  What is not there is a 500, what is no GET a 200.

my $docs = "$ENV{TEST_NGINX_SERVROOT}/docs";
make_path($docs);

my $app_port = HC::free_port();
my $app = HC::Peer->start(
    listen => "127.0.0.1:$app_port", record => "$docs/.record", life => 900,
    script => [[ { bytes => 1, reply => \&_reply, end => 'close' } ]]);

END { local $?; $app->stop if $app && $$ == $owner }

sub _reply {
    my ($method, $target) = $_[0] =~ m{^(\S+) (\S+)} or return '';
    my $text = raw('HTTP/1.1 200 OK', '', 'done');

    if ($method eq 'GET') {
        my $file = doc($target);
        $text = slurp($file);
        $text = raw('HTTP/1.1 500 Oops', '', 'failed') if !defined $text;

        if (-e "$file.hold") {
            rename "$file.hold", "$file.held";
            HC::wait_until(sub { -e "$file.go" });
        }
    }

    return $text;
}

sub doc {
    my ($target) = @_;
    $target =~ s/\?.*//;
    $target =~ s{/}{_}g;

    return "$docs/$target";
}

sub raw {
    my ($line, $headers, $body) = @_;

    $headers =~ s/\n?\z/\r\n/ if length $headers;
    return "$line\r\nConnection: close\r\n$headers"
           . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return;
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
}

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', "$file.new" or die "$file: $!";
    print $out $text;
    close $out;
    rename "$file.new", $file or die "$file: $!";
}

# app_has('/a', $body, headers): 200, JSON if nothing else is said

sub app_has {
    my ($target, $body, $headers, $line) = @_;

    $headers = '' if !defined $headers;
    $headers = "Content-Type: application/json\r\n$headers"
        if $headers !~ /^Content-Type/mi;

    spew(doc($target), raw($line || 'HTTP/1.1 200 OK', $headers, $body));
}

sub app_fails { unlink doc($_[0]) }


# --- nginx ----------------------------------------------------------------------

my $N = 0;

sub start {
    my (%o) = @_;

    my $files = "$ENV{TEST_NGINX_SERVROOT}/files" . ++$N;
    mkdir $files, 0755;
    chmod 0777, $files if $o{user};

    my $nginx = HC::Nginx->start(
        APP => $app_port, FILES => $files, PARAMS => $o{params} || '',
        OTHER => $o{other} || '', MORE => $o{more} || '',
        $o{user} ? (user => $o{user}) : (),
        http => <<'END');
    hc_zone zone=pages:16m;
    add_header X-Cache $hc_cache_status always;

    server {
        listen 127.0.0.1:%PORT%;
        server_name localhost alias;

        hc_cache pages;
        hc_cache_valid 200 404 1ms;
        hc_cache_stale 0;
        hc_cache_tag $upstream_http_cache_tag;
        hc_static %FILES% write %PARAMS%;

        location / {
            proxy_pass http://127.0.0.1:%APP%;
            hc_cache_purge $http_x_purge tag=$http_x_tag all=$http_x_all;
            hc_invalidate uri=$http_x_uri;
        }

        location /key/ {
            proxy_pass http://127.0.0.1:%APP%;
            hc_cache_key $host$uri$http_user_agent;
        }

        location /kept/ {
            proxy_pass http://127.0.0.1:%APP%;
            hc_cache_stale 1m;
        }

        location /moved/ {
            rewrite ^/moved/(.*)$ /to/$1 break;
            proxy_pass http://127.0.0.1:%APP%;
        }

        location = /status { hc_cache off; hc_static off; hc_status; }
        %MORE%
    }
    %OTHER%
END

    return bless { nginx => $nginx, files => $files }, __PACKAGE__;
}

sub get {
    my ($s, $target, $headers, %o) = @_;

    my $got = HC::http_get($target, port => $s->{nginx}->port,
                           headers => $headers, %o);
    my ($head, $body) = split /\r\n\r\n/, $got, 2;
    $head = '' if !defined $head;

    return {
        status => $head =~ m{^HTTP/1\.1 (\d+)} ? "$1" : 0, head => $head,
        body => $body,
        cache => $head =~ /^X-Cache: (\w+)/m ? "$1" : '',
        type => $head =~ /^Content-Type: (.*?)\r?$/m ? "$1" : '',
    };
}

sub get_failed {
    my ($s, $target) = @_;
    app_fails($target);

    return $s->get($target);
}

sub file {
    my ($s, $name) = @_;
    return slurp("$s->{files}/$name");
}

# until the file has this, or, without text, is gone

sub has {
    my ($s, $name, $text) = @_;

    return HC::wait_until(sub {
        my $now = $s->file($name);
        return defined $text ? defined $now && $now eq $text : !defined $now;
    }, 20);
}

sub count {
    my ($s, $name) = @_;
    return $s->{nginx}->status->{static}{$s->{files}}{$name};
}

sub counts {
    my ($s, $name, $n) = @_;
    return HC::wait_until(sub { $s->count($name) == $n }, 20);
}

# What was asked before this has been published, or will not be.

sub settle {
    my ($s) = @_;
    my $name = 'settle' . ++$N;

    app_has("/$name", '{}');
    $s->get("/$name");

    return $s->has("$name.json", '{}');
}

sub tree {
    my ($s) = @_;
    my @all = sort split /\n/, `cd $s->{files} && find . -type f`;
    return join ' ', map { s{^\./}{}r } grep { !/settle|hc\.lock/ } @all;
}

sub published {
    my ($s, $target, $body, $headers, $name) = @_;

    app_has($target, $body, $headers);
    is($s->get($target)->{status}, 200, "$target: the client has its answer");

    $name = "$target.json" if !defined $name;
    $name =~ s{^/}{};

    ok($s->has($name, $body), "$target: is $name");
}

sub stands_in {
    my ($s, $target, $body, $type) = @_;

    app_fails($target);
    my $got = $s->get($target);
    is("$got->{status} $got->{cache} $got->{body}", "200 STATIC $body",
       "$target: the file stands in");
    is($got->{type}, $type || 'application/json', "$target: its type");
}

sub nothing_stands_in {
    my ($s, $target, $headers, %o) = @_;

    app_fails($target);
    is($s->get($target, $headers, %o)->{status}, 500,
       "$target: the app's own error");
}


1;
