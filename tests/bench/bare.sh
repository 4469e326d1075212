#!/bin/sh
# The same installs as ansible/site.yml, by a plain shell script on the host: the limit that the benchmark compares with.
# Nothing is checked, nothing is kept, nothing can be run twice. Standard input: a release archive. $1: its id.
set -eu
export DEBIAN_FRONTEND=noninteractive PIPENV_VENV_IN_PROJECT=1 PIPENV_NOSPIN=1 CI=1
root=/var/www/practica_flask
apt-get -qq update
apt-get -qq -y dist-upgrade
apt-get -qq -y install --no-install-recommends ca-certificates nginx python3-venv
useradd --system --no-create-home --shell /usr/sbin/nologin flask_app
mkdir -p "$root"
tar -xz -C "$root"
release="$root/releases/$1"
python3 -m venv /opt/pipenv
/opt/pipenv/bin/pip install -q --require-hashes --no-deps -r /tmp/pipenv.txt
rm "$release/.venv" "$release/.env"
cd "$release"
/opt/pipenv/bin/pipenv sync
chgrp -R flask_app "$release"
cp /tmp/env "$release/.env"
cp /tmp/flask_app.service /etc/systemd/system/
sed -i "s#$root/shared/.env#$release/.env#; s#$root/current#$release#" /etc/systemd/system/flask_app.service
chgrp www-data "$root"
systemctl daemon-reload
systemctl enable -q --now flask_app
cp /tmp/site /etc/nginx/sites-enabled/practica_flask
rm /etc/nginx/sites-enabled/default
nginx -q -t
systemctl reload nginx
