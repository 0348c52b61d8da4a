# skyfix as a container, the demo region included:
#   docker build -t skyfix . && docker run --rm -p 8080:8080 -v skyfix-data:/data skyfix
FROM node:24-slim AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends g++ make python3 python3-pip \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Dependencies first: this layer is kept until the lock file changes. hnswlib-node alone has to be compiled.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts && npm rebuild hnswlib-node
# OpenVINO, which runs many networks faster; where it does not, or does not run at all, onnxruntime does.
COPY scripts ./scripts
RUN node scripts/setup-openvino.mjs --into openvino
COPY . .
# What npm would do after installing (dist/, the page, node_modules/.bin/skyfix), then without the development dependencies.
RUN node scripts/after-install.mjs && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 SKYFIX_DATA=/data SKYFIX_CACHE=/data/cache NPM_CONFIG_UPDATE_NOTIFIER=false
# Of the allocator of the C library, which else keeps up to eight heaps a core: threads come and go with every version.
ENV MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /app/package.json /app/openapi.yaml ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/openvino ./openvino
COPY --from=build /app/dist ./dist
COPY --from=build /app/web/dist ./web/dist
COPY --from=build /app/bin ./bin
COPY --from=build /app/models ./models
COPY --from=build /app/demo ./demo
# Whoever runs it: `docker run --user 1234` has the group 0.
RUN ln -s /app/bin/skyfix.js /usr/local/bin/skyfix && mkdir /data && chown node:0 /data && chmod 775 /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# An empty volume gets the demo region; `docker run skyfix skyfix serve` refuses it instead.
CMD ["node", "bin/skyfix.js", "serve", "--demo"]
