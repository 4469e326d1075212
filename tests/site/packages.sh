# Tiny packages on a host, at version 1, and two repositories that offer newer ones: Debian's security team's, and another's.
# What a package's name ends in says what is special about it.
set -eu
umask 022 # whatever root has: dpkg-deb wants it
top=/srv/puerto-packages
rm -rf $top
mkdir -p $top/security $top/other $top/old
build() { # build REPOSITORY NAME VERSION [FIELD]
    tree=$top/tree
    rm -rf $tree
    mkdir -p $tree/DEBIAN $tree/etc
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: tiny\n' "$2" "$3" \
        > $tree/DEBIAN/control
    test -z "${4:-}" || echo "$4" >> $tree/DEBIAN/control
    echo "version $3" > "$tree/etc/$2.conf"
    echo "/etc/$2.conf" > $tree/DEBIAN/conffiles
    file="$top/$1/$2_$3_all.deb"
    dpkg-deb --root-owner-group --build $tree "$file" > /dev/null
    { dpkg-deb --field "$file"; echo "Filename: ./$2_$3_all.deb"; echo "Size: $(stat -c %s "$file")"
      echo "SHA256: $(sha256sum "$file" | cut -d ' ' -f 1)"; echo; } >> "$top/$1/Packages"
}
repository() { # repository FOLDER LABEL
    printf 'Origin: Debian\nLabel: %s\nSuite: %s\nDate: %s\nSHA256:\n %s %s Packages\n' "$2" "$1" "$(LC_ALL=C date -Ru)" \
        "$(sha256sum "$top/$1/Packages" | cut -d ' ' -f 1)" "$(stat -c %s "$top/$1/Packages")" > "$top/$1/Release"
    echo "deb [trusted=yes] file:$top/$1 ./"
}
for name in tiny-mended tiny-newer tiny-held tiny-conflicting tiny-needing; do
    build old "$name" 1
done
build security tiny-mended 2
build security tiny-held 2
build security tiny-conflicting 2 "Conflicts: tiny-newer"
build security tiny-needing 2 "Depends: tiny-needed"
build other tiny-mended 3
build other tiny-newer 2
build other tiny-needed 1
dpkg --install $top/old/*.deb > /dev/null
echo "edited by the administrator" > /etc/tiny-mended.conf
apt-mark hold tiny-held > /dev/null
apt-mark auto tiny-needing > /dev/null
{ repository security Debian-Security; repository other Another; } > /etc/apt/sources.list.d/puerto-packages.list
# The lists of these alone: what the host has of others stays as it is.
apt-get -qq update -o APT::Get::List-Cleanup=0 -o Dir::Etc::SourceParts=- \
    -o Dir::Etc::SourceList=/etc/apt/sources.list.d/puerto-packages.list
