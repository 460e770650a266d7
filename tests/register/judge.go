// The independent judge: Go's own sumdb/note and sumdb/tlog read a register as it was served.
//
//	judge FOLDER VKEY [OLDER CHECKPOINT] [PROOF COMMITMENT]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func need(err error, what string) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func head(source []byte, verifier note.Verifier) (string, tlog.Tree) {
	opened, err := note.Open(source, note.VerifierList(verifier))
	need(err, "note")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	need(err, "size")
	root, err := tlog.ParseHash(lines[2])
	need(err, "root")
	return lines[0], tlog.Tree{N: size, Hash: root}
}

// tiles reads tlog-tiles' paths, which are sumdb's without their height.
type tiles string

func (t tiles) Height() int                   { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(t), path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func entries(folder string, n int64) [][]byte {
	var found [][]byte
	for number := int64(0); number*256 < n; number++ {
		width := n - number*256
		if width > 256 {
			width = 256
		}
		path := tlog.Tile{H: 8, L: 0, N: number, W: int(width)}.Path()
		data, err := os.ReadFile(filepath.Join(folder, strings.Replace(path, "tile/8/0/", "tile/entries/", 1)))
		need(err, "bundle")
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			found = append(found, data[2:2+length])
			data = data[2+length:]
		}
	}
	if int64(len(found)) != n {
		need(fmt.Errorf("%d of %d", len(found), n), "entries")
	}
	return found
}

func proof(source, commitment string, verifier note.Verifier) {
	parts := strings.SplitN(source, "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		need(fmt.Errorf("%q", lines[0]), "proof")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	need(err, "extra")
	if !strings.HasSuffix(string(entry), " "+commitment) {
		need(fmt.Errorf("%q", entry), "another's proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	need(err, "index")
	var hashes tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		need(err, "hash")
		hashes = append(hashes, hash)
	}
	_, tree := head([]byte(parts[1]), verifier)
	need(tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry)), "inclusion")
}

func main() {
	folder := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	need(err, "vkey")
	source, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	need(err, "checkpoint")
	origin, tree := head(source, verifier)
	reader := tlog.TileHashReader(tree, tiles(folder))
	for n, entry := range entries(folder, tree.N) {
		hashes, err := tlog.ProveRecord(tree.N, int64(n), reader)
		need(err, "tiles")
		need(tlog.CheckRecord(hashes, tree.N, tree.Hash, int64(n), tlog.RecordHash(entry)), fmt.Sprint("entry ", n))
	}
	if len(os.Args) > 3 && os.Args[3] != "" {
		older, err := os.ReadFile(os.Args[3])
		need(err, "older")
		before, old := head(older, verifier)
		if before != origin {
			need(fmt.Errorf("%s, %s", before, origin), "origin")
		}
		hashes, err := tlog.ProveTree(tree.N, old.N, reader)
		need(err, "consistency")
		need(tlog.CheckTree(hashes, tree.N, tree.Hash, old.N, old.Hash), "consistency")
	}
	if len(os.Args) > 5 {
		source, err := os.ReadFile(os.Args[4])
		need(err, "proof")
		proof(string(source), os.Args[5], verifier)
	}
	fmt.Println("holds", tree.N)
}
