#!/bin/bash
# SPDX-License-Identifier: MIT
# tools/setup: which of the machine's package sources musl is fetched from.

# shellcheck source=tools/setup
. tools/setup
set +e

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# given NAME: empties apt's folder and reads the sources for it from standard input, as the file NAME.
given() {
	rm -rf "${work:?}/etc" "$work/out"
	mkdir -p "$work/etc/sources.list.d"
	cat >"$work/etc/$1"
}

# check NAME EXPECTED: what debian_sources makes of it, without comments and empty lines.
check() {
	local result
	debian_sources "$work/etc" "$work/out"
	result=$(cat "$work"/out/* | sed '/^$/d')
	number=$((number + 1))
	if [[ $result == "$2" ]]; then
		echo "ok $number - $1"
	else
		diff <(echo "$2") <(echo "$result") | sed 's/^/# /'
		echo "not ok $number - $1"
	fi
}

echo "1..6"

given sources.list <<END
# deb http://deb.debian.org/debian bullseye main
deb http://deb.debian.org/debian bookworm main contrib
deb-src http://deb.debian.org/debian bookworm main
deb [arch=amd64] http://security.debian.org/debian-security/ bookworm-security main
END
check classic_sources_are_taken_without_their_architecture "\
deb http://deb.debian.org/debian bookworm main contrib
deb  http://security.debian.org/debian-security/ bookworm-security main"

given sources.list.d/all.list <<END
deb [arch=amd64 signed-by=/etc/key.gpg] http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/key.gpg] https://download.docker.com/linux/debian bookworm stable
deb https://packages.cloud.google.com/apt cloud-sdk-bookworm main
END
check third_parties_are_left_out_and_other_options_kept "\
deb [ signed-by=/etc/key.gpg] http://mirror.example/debian bookworm main"

given sources.list.d/debian.sources <<END
Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Architectures: amd64
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://deb.nodesource.com/node_20.x
Suites: nodistro
Components: main
END
check stanzas_are_judged_one_by_one "\
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg"

given sources.list.d/debian.sources <<END
Enabled: no
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://snapshot.debian.org/archive/debian/20250520T000000Z
Suites: bookworm
Components: main
END
check a_stanza_switched_off_is_left_out_and_a_snapshot_taken "\
Types: deb
URIs: http://snapshot.debian.org/archive/debian/20250520T000000Z
Suites: bookworm
Components: main"

given sources.list.d/cloud.sources <<END
Types: deb deb-src
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm
Components: main
END
check a_list_of_mirrors_is_taken "\
Types: deb deb-src
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm
Components: main"

given sources.list </dev/null
check without_any_debians_own_server_is_asked "deb http://deb.debian.org/debian bookworm main"
