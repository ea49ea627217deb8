# The toolbox image: Node, the bundled toolbox and make, self-contained in /opt/toolbox, and the entrypoint.
#
#   docker build --tag REGISTRY/kube-toolbox:VERSION .
#
# Use it as `toolbox_image:` in config/kube.yaml, or put the toolbox into an image of your own with
#   COPY --from=REGISTRY/kube-toolbox:VERSION /opt/toolbox /opt/toolbox
# What is done here is in container/*.sh, which the tests run without Docker, as they do the steps below.
#
# The tags name a release of Node and of Debian and follow its security updates. To build the same bytes again, or
# from a mirror, name images by digest: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && container/install.sh /opt/toolbox

FROM ${DEBIAN_IMAGE}
COPY --from=build /opt/toolbox /opt/toolbox
RUN /opt/toolbox/container/setup-image.sh
ENV PATH=/opt/toolbox/bin:$PATH
ENTRYPOINT ["/opt/toolbox/container/entrypoint.sh"]
CMD ["bash"]
