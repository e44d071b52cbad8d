package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArchivesAreReproducible(t *testing.T) {
	files := []file{{"kubectl-kea", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("licence")}}
	for _, name := range []string{"a.tar.gz", "a.zip"} {
		var sums []string
		for range 2 {
			path := filepath.Join(t.TempDir(), name)
			sum, err := writeArchive(path, files)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if own := sha256.Sum256(data); hex.EncodeToString(own[:]) != sum {
				t.Errorf("%s: checksum %s is not the file's", name, sum)
			}
			sums = append(sums, sum)
		}
		if sums[0] != sums[1] {
			t.Errorf("%s differs from one packing to the next", name)
		}
	}
}

func TestWhatIsInAnArchive(t *testing.T) {
	want := map[string]string{"kubectl-kea": "-rwxr-xr-x program", "LICENSE": "-rw-r--r-- licence"}
	files := []file{{"kubectl-kea", 0o755, []byte("program")}, {"LICENSE", 0o644, []byte("licence")}}
	for name, unpack := range map[string]func([]byte) (map[string]string, error){"tar.gz": unpackTar, "zip": unpackZip} {
		pack := map[string]func([]file) ([]byte, error){"tar.gz": packTar, "zip": packZip}[name]
		data, err := pack(files)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func unpackTar(data []byte) (map[string]string, error) {
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		got[header.Name] = header.FileInfo().Mode().String() + " " + string(text)
	}
}

func unpackZip(data []byte) (map[string]string, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		got[f.Name] = f.Mode().String() + " " + string(text)
	}
	return got, nil
}
