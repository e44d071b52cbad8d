// Package image makes the lab's pod images from Debian packages and from built programs, without a container engine.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
)

// Image is one image of an archive: names for the same layers and settings.
type Image struct {
	Names      []string
	Layers     []string // uncompressed tar files, lowest first
	Entrypoint []string
	User       string
	Env        []string
}

// WriteArchive writes images as a docker-archive, the tar form that `ctr images import` takes. A layer that several
// images share is stored once.
func WriteArchive(path string, images []Image) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := tar.NewWriter(file)
	digests := map[string]string{} // layer file -> digest, once written
	manifest := []map[string]any{}
	for _, image := range images {
		layers, diffs := []string{}, []string{}
		for _, layer := range image.Layers {
			digest, ok := digests[layer]
			if !ok {
				if digest, err = writeLayer(out, layer); err != nil {
					return err
				}
				digests[layer] = digest
			}
			layers, diffs = append(layers, digest+".tar"), append(diffs, "sha256:"+digest)
		}
		config, err := json.Marshal(map[string]any{
			"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
			"config": map[string]any{
				"Env":        append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, image.Env...),
				"WorkingDir": "/", "User": image.User, "Entrypoint": image.Entrypoint,
			},
			"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
		})
		if err != nil {
			return err
		}
		sum := sha256.Sum256(config)
		name := hex.EncodeToString(sum[:]) + ".json"
		if err := writeBytes(out, name, config); err != nil {
			return err
		}
		manifest = append(manifest, map[string]any{"Config": name, "RepoTags": image.Names, "Layers": layers})
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := writeBytes(out, "manifest.json", data); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return file.Close()
}

// writeLayer stores a layer under its digest; the digest is not known before it has been read once.
func writeLayer(out *tar.Writer, path string) (string, error) {
	layer, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer layer.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, layer)
	if err != nil {
		return "", err
	}
	digest := hex.EncodeToString(hash.Sum(nil))
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if err := out.WriteHeader(&tar.Header{Name: digest + ".tar", Mode: 0o644, Size: size}); err != nil {
		return "", err
	}
	_, err = io.Copy(out, layer)
	return digest, err
}

func writeBytes(out *tar.Writer, name string, data []byte) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := io.Copy(out, bytes.NewReader(data))
	return err
}

// file is an entry of a small layer made from programs.
type file struct {
	name, from, link string // from: a file on the host; link: a symbolic link's target; neither: a folder
	mode             int64
}

// writeProgramLayer writes a layer tar of a few files; two runs give the same bytes.
func writeProgramLayer(path string, files []file) error {
	layer, err := os.Create(path)
	if err != nil {
		return err
	}
	defer layer.Close()
	out := tar.NewWriter(layer)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Typeflag: tar.TypeDir}
		var data []byte
		switch {
		case f.link != "":
			header.Typeflag, header.Linkname = tar.TypeSymlink, f.link
		case f.from != "":
			if data, err = os.ReadFile(f.from); err != nil {
				return err
			}
			header.Typeflag, header.Size = tar.TypeReg, int64(len(data))
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if _, err := out.Write(data); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return layer.Close()
}
