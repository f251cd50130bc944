#!/bin/sh
# Run once by PostgreSQL's image in its new database: the role of the processes that serve, which
# is shown single tenants only, and the groups that the migration grants to (docs/postgresql.md).
# 建库时运行一次：服务进程的角色（逐租户可见）与迁移授权的两个组。
set -eu
psql --quiet --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/node-password)" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE gateway_app NOLOGIN;
CREATE ROLE gateway_audit NOLOGIN;
CREATE ROLE gateway_node LOGIN PASSWORD :'password' IN ROLE gateway_app;
SQL
