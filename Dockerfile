# One static binary on an otherwise empty image.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" \
    cargo build --locked --profile dist --target "$(rustc -vV | sed -n 's/^host: //p')" \
    && install -D -s target/*/dist/stopover /out/stopover \
    && install -d -m 0700 -o 65532 -g 65532 /out/data /out/tmp

FROM scratch
COPY --from=build /out/stopover /stopover
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENV STOPOVER_DATA_DIR=/data STOPOVER_LISTEN=0.0.0.0:8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/stopover"]
CMD ["serve"]
