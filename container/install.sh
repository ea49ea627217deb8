#!/bin/sh
# Puts a toolbox that needs nothing else into a folder: Node, the bundled toolbox, make, and the C library they
# run with. The folder can then be copied anywhere, to any Linux of the same processor.
#
#   install.sh TARGET     run in the root of a built checkout or of the unpacked package
#
#   NODE   the Node to take along, default the one on PATH
#   MAKE   the make to take along, default the one on PATH
#
# What comes out:
#   bin/ktb, bin/kube-toolbox, bin/make   start the below, wherever the folder is
#   container/                            these scripts
#   package/                              what the npm package has
#   libexec/, lib/                        node and make as they were built; the libraries they need
#
# The programs are started through the C library's own loader in lib/, so that neither the image's C library nor
# its C++ library has to be there or new enough. POSIX sh.
set -eu

target=${1:?usage: install.sh TARGET}
[ -f dist/bin.js ] || {
  echo 'install.sh: there is no dist/bin.js here; type: npm run build' >&2
  exit 1
}
mkdir -p "$target/bin" "$target/lib" "$target/libexec" "$target/container" "$target/package"
target=$(cd "$target" && pwd)

# --- programs and their libraries ---------------------------------------------------------------------------

bring() {
  program=$(readlink -f "$(command -v "$1")") || {
    echo "install.sh: there is no $1" >&2
    exit 1
  }
  cp "$program" "$target/libexec/$2"
  chmod 755 "$target/libexec/$2"
  # `libm.so.6 => /lib/libm.so.6 (0x…)`, and the loader itself without an arrow.
  ldd "$program" | while read -r name arrow file _; do
    case $name in
      linux-vdso* | linux-gate*) ;;
      */ld-*) cp -L "$name" "$target/lib/loader" ;;
      *) [ "$arrow" != '=>' ] || cp -L "$file" "$target/lib/" ;;
    esac
  done
}
# A Node started by a wrapper or a version manager's shim is not the program itself.
bring "$("${NODE:-node}" -p process.execPath)" node
bring "${MAKE:-make}" make
# Looked up at run time, so that ldd does not name it: how names of hosts are resolved.
for library in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
  file=$(dirname "$(ldd "$target/libexec/node" | sed -n 's/.*=> \(.*\/libc\.so\.6\) .*/\1/p')")/$library
  [ ! -f "$file" ] || cp -L "$file" "$target/lib/"
done
chmod 755 "$target/lib/loader"

# --- the package --------------------------------------------------------------------------------------------

for part in package.json dist policies schemas templates config setup docs Makefile README.md CHANGELOG.md LICENSE; do
  [ ! -e "$part" ] || cp -R "$part" "$target/package/"
done
# The checkout's compile cache is for its own paths.
rm -rf "$target/package/dist/.cache"
cp container/*.sh container/.shellcheckrc "$target/container/"
chmod 755 "$target/container/"*.sh

# --- what starts them ---------------------------------------------------------------------------------------

cat >"$target/libexec/start-node" <<'START'
#!/bin/sh
# Node, with its own loader and libraries. Links are followed, so that one in /usr/local/bin works.
self=$(readlink -f "$0")
home=${self%/libexec/*}
# A library that the image preloads is for its own C library.
unset LD_PRELOAD
exec "$home/lib/loader" --library-path "$home/lib" "$home/libexec/node" "$@"
START
cat >"$target/bin/ktb" <<'START'
#!/bin/sh
self=$(readlink -f "$0")
home=${self%/bin/*}
exec "$home/libexec/start-node" "$home/package/dist/bin.js" "$@"
START
cat >"$target/bin/make" <<'START'
#!/bin/sh
# make, with its own loader and libraries, that finds the toolbox's targets: a project's Makefile includes the
# toolbox from node_modules/ or links to a submodule, which a pod may lack.
self=$(readlink -f "$0")
home=${self%/bin/*}
export KUBE_TOOLBOX_PACKAGE="$home/package"
for file in GNUmakefile makefile Makefile; do
  [ ! -f "$file" ] || break
  file=''
done
# An include by the path of another machine leads nowhere here.
while [ -n "$file" ] && read -r word included _; do
  case $word:$included in include:/*) [ -e "$included" ] || file='' ;; esac
done <"${file:-/dev/null}"
for word; do
  case $word in
    # Another folder or file, chosen by the caller.
    -C* | -f* | --directory* | --file* | --makefile*) file=theirs ;;
  esac
done
[ -n "$file" ] || set -- -f "$home/package/Makefile" "$@"
unset LD_PRELOAD
exec "$home/lib/loader" --library-path "$home/lib" --argv0 make "$home/libexec/make" -I "$home/include" "$@"
START
chmod 755 "$target/libexec/start-node" "$target/bin/ktb" "$target/bin/make"
ln -sf ktb "$target/bin/kube-toolbox"
# `include node_modules/kube-toolbox/Makefile` is looked up here where the project has no such file.
mkdir -p "$target/include/node_modules/kube-toolbox"
ln -sf ../../../package/Makefile "$target/include/node_modules/kube-toolbox/Makefile"
# Where the Makefile looks for Node, and its word that nothing has to be built.
mkdir -p "$target/package/.node/node_modules/.bin"
ln -sf ../../../../libexec/start-node "$target/package/.node/node_modules/.bin/node"
touch "$target/package/.ready"

version=$("$target/bin/ktb" --version)
"$target/bin/make" --version >/dev/null
# Pods run as any user, who must be able to copy all of it, the compile cache that was written just now included.
chmod -R a+rX "$target"
echo "kube-toolbox: installed $version in $target" >&2
