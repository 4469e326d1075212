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
release="$root/releases/$1"
mkdir -p "$release"
tar -xz -C "$release"
python3 -m venv /opt/pipenv
/opt/pipenv/bin/pip install -q --require-hashes --no-deps -r /tmp/pipenv.txt
cd "$release"
/opt/pipenv/bin/pipenv sync
chgrp -R flask_app "$release"
cp /tmp/env "$release/.env"
echo "{\"id\": \"$1\"}" > release.json
ln -s "releases/$1" "$root/current"
ln -s /run/flask_app/flask_app.sock "$release/flask_app.sock"
sed "s#releases/[0-9a-f]*#releases/$1#; s#flask_app/[0-9a-f]\{12\}#flask_app#" /tmp/flask_app.service \
    > /etc/systemd/system/flask_app.service
echo "[Install]\nWantedBy=multi-user.target" >> /etc/systemd/system/flask_app.service
chgrp www-data "$root"
chmod 751 "$root/releases" "$release"
systemctl daemon-reload
systemctl enable -q --now flask_app
cp /tmp/site /etc/nginx/sites-enabled/practica_flask
cp /tmp/unknown_hosts.conf /etc/nginx/conf.d/
rm /etc/nginx/sites-enabled/default
nginx -q -t
systemctl reload nginx
