# One image for coordinator, worker, simulator and Flower; the command makes the difference.
FROM python:3.13-slim AS build

# 2026-01-01: every file of the image carries this time, so that two builds give the same layers.
ENV SOURCE_DATE_EPOCH=1767225600 PYTHONHASHSEED=0 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

COPY requirements.lock requirements-runtime.lock /src/
# The build backend's version and hash are those of the development lock.
RUN awk '/^[a-z]/ { wanted = /^setuptools==/ } wanted' /src/requirements.lock >/src/build.lock \
 && python -m pip install --quiet --require-hashes --requirement /src/build.lock \
 && python -m venv --without-pip /opt/fleet \
 && python -m pip --python /opt/fleet/bin/python install --quiet --no-compile --require-hashes \
      --requirement /src/requirements-runtime.lock \
 && find /opt/fleet -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +

COPY pyproject.toml README.md LICENSE /src/
COPY config /src/config
COPY tasks /src/tasks
COPY fleet /src/fleet
RUN python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist /src \
 && python -m pip --python /opt/fleet/bin/python install --quiet --no-compile --no-deps /dist/*.whl

COPY --chmod=0755 docker/entrypoint docker/fresh docker/answers docker/archive /image/usr/local/bin/
# Bytecode is compiled once here, because the root of a running container is read-only. It is bound to no file's time.
# The folders are mount points of volumes: an empty volume takes over their owner. Group 0 may use the two of a single process:
# OpenShift runs containers under a user number of its own choice in that group.
RUN python -m compileall -q -j 1 --invalidation-mode unchecked-hash /opt/fleet/lib \
 && mkdir -p /image/opt /image/etc /image/run/secrets /image/var/lib/neonet-fleet \
      /image/setup/keys /image/setup/redis /image/setup/redis-data /image/setup/coordinator /image/setup/worker /image/setup/flower \
      /image/setup/prometheus /image/setup/prometheus-data /image/setup/grafana /image/setup/grafana-data \
 && cp -a /opt/fleet /image/opt/fleet \
 && cp /etc/passwd /etc/group /image/etc/ \
 && echo 'fleet:x:10001:10001:neonet-fleet:/tmp:/usr/sbin/nologin' >>/image/etc/passwd \
 && echo 'fleet:x:10001:' >>/image/etc/group \
 && chown -R 10001:10001 /image/run/secrets /image/var/lib/neonet-fleet /image/setup \
 && chmod -R 0700 /image/setup \
 && chgrp 0 /image/run/secrets /image/var/lib/neonet-fleet \
 && chmod 0770 /image/run/secrets /image/var/lib/neonet-fleet \
 && find /image -exec touch --no-dereference --date=@$SOURCE_DATE_EPOCH {} +

FROM python:3.13-slim

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="neonet-fleet" \
      org.opencontainers.image.description="NeoNet fleet orchestrator: coordinator, worker, simulator and Flower in one image" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim"

COPY --from=build /image/ /
# One BLAS thread a process: the pool has a process for each core.
ENV PATH=/opt/fleet/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 \
    FLEET_STATE_DIR=/var/lib/neonet-fleet
USER 10001:10001
ENTRYPOINT ["entrypoint"]
CMD ["fleet", "--help"]
