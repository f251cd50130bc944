#!/bin/sh
# Make the secret files that compose.yaml names, once: nothing that exists is changed.
# The bank's password is the sandbox's; put the real one in for a real bank.
# usage: sh deploy/secrets.sh FOLDER
set -eu
umask 077
folder="${1:?usage: secrets.sh FOLDER}"
mkdir -p "$folder"
# The folder is closed to everybody else; inside a container the files are read by another user.
chmod 0700 "$folder"

fresh() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

keep() {
    [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"
    chmod 0444 "$folder/$1"
}

keep postgres-password "$(fresh)"
keep node-password "$(fresh)"
keep database-owner "postgresql://gateway:$(cat "$folder/postgres-password")@postgres:5432/gateway"
keep database "postgresql://gateway_node:$(cat "$folder/node-password")@postgres:5432/gateway"
keep bank-password "Demo-Pass-1"
keep key-erp "$(fresh)"
keep key-person-1 "$(fresh)"
keep key-person-2 "$(fresh)"
echo "密钥文件已就绪 / secret files ready: $folder"
