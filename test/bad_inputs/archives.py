"""Archives and arrays that claim what they do not hold, or hold what nobody should open."""

import io
import pickle
import zipfile
import zlib

import numpy as np

from bad_inputs import samples
from bad_inputs.writing import Content


class _Runs:
    """Unpickled, it would leave a file behind."""

    def __reduce__(self) -> tuple[object, ...]:
        return (eval, ("open('was_run', 'w').close()",))


def pickled() -> bytes:
    """A pickle that runs code."""
    return pickle.dumps(_Runs())


def npy(values: object, **header: object) -> bytes:
    """An array's file, with a header that says something else."""
    buffer = io.BytesIO()
    array = np.asarray(values)
    told = {'descr': array.dtype.str, 'fortran_order': False, 'shape': array.shape, **header}
    np.lib.format.write_array_header_1_0(buffer, told)
    return buffer.getvalue() + array.tobytes()


def zipped(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def bomb(name: str, header: bytes, megabytes: int, said: int) -> bytes:
    """An archive of one part that unpacks to zeros without end.

    Args:
        name: Of the part.
        header: What it begins with.
        megabytes: How much it unpacks to.
        said: How much it says it does [bytes].
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = first + again * megabytes + packer.flush()
    entry = zipfile.ZipInfo(name)
    entry.compress_type, entry.compress_size, entry.file_size = 8, len(packed), said
    entry.CRC = entry.header_offset = 0
    buffer = io.BytesIO()
    local = entry.FileHeader(zip64=False)
    with zipfile.ZipFile(buffer, 'w') as archive:
        archive.fp.write(local + packed)
        archive.filelist.append(entry)
        archive.NameToInfo[name] = entry
        archive.start_dir = archive.fp.tell()
        archive._didModify = True
    return buffer.getvalue()


def _huge(shape: tuple[int, ...]) -> bytes:
    return npy(np.zeros(0), shape=shape)


def arrays(valid: bytes, names: tuple[str, ...]) -> dict[str, Content]:
    """Bad npz files of a kind.

    Args:
        valid: A good one.
        names: Arrays that it must hold.
    """
    with zipfile.ZipFile(io.BytesIO(valid)) as archive:
        good = {name: archive.read(name) for name in archive.namelist()}
    parts = [f'{name}.npy' for name in names]

    def with_all(content: bytes) -> bytes:
        return zipped({**good, **dict.fromkeys(parts, content)})

    def with_each(content: bytes) -> dict[str, Content]:
        return {name: zipped({**good, name: content}) for name in parts}

    objects = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        objects, {'descr': '|O', 'fortran_order': False, 'shape': ()}
    )
    large = 4000 * 1_000_000
    named = [(f'{value} in {name}', content) for value, array in (
        ('NaN', np.full((4, 3), np.nan)), ('huge values', np.full((4, 3), 1e308)),
        ('strings', np.array(['a', 'b'])), ('complex', np.zeros((4, 3), complex)),
        ('nothing', np.zeros(0)), ('one number', np.array(3.0)), ('six axes', np.zeros((1,) * 6)),
        ('truths', np.ones((4, 3), bool)), ('dates', np.zeros(4, 'datetime64[s]')),
        ('minus one', np.full(4, -1)), ('records', np.zeros(3, [('a', 'f4'), ('b', 'U3')])),
    ) for name, content in with_each(npy(array)).items()]  # fmt: skip
    return dict(named) | {
        'no archive but a pickle': pickled(),
        'no archive but an array': npy(np.zeros(3)),
        'an empty archive': zipped({}),
        'other arrays': zipped({'other.npy': npy(np.zeros(3))}),
        'a pickle for each array': with_all(pickled()),
        'objects in each array': with_all(objects.getvalue() + pickled()),
        'arrays of 10^12 numbers': with_all(_huge((10**12,))),
        'arrays of 10^30 numbers': with_all(_huge((10**15, 10**15))),
        'arrays of a negative length': with_all(_huge((-1, 3))),
        'a header that never ends': with_all(b'\x93NUMPY\x01\x00\xff\xff' + b'(' * 65535),
        'a header of 4 GB': with_all(b'\x93NUMPY\x02\x00\xff\xff\xff\xff{'),
        'a header that computes': with_all(
            b'\x93NUMPY\x01\x00\x50\x00' + b"{'descr':'<f8','fortran_order':0,'shape':(9**9**9,)}"
        ),
        'a header of version 9': with_all(b'\x93NUMPY\x09\x00\x10\x00'),
        'a bomb that says what it is': lambda: bomb(
            parts[0], _huge((large // 8,)), 4000, large % 2**32
        ),
        'a bomb that says it is small': lambda: bomb(parts[0], _huge((large // 8,)), 4000, 1000),
        'parts that lead out of the folder': zipped(
            {**good, '../../was_run': b'x', '/tmp/was_run': b'x'}
        ),
        'a part of the same name twice': valid + zipped({parts[0]: b'x'}),
        'packed with bzip2': zipped(good, zipfile.ZIP_BZIP2),
        'packed with LZMA': zipped(good, zipfile.ZIP_LZMA),
        'names in Arabic': zipped({**good, 'حركة.npy': b'x'}),
        'ten thousand parts': lambda: zipped({**good, **{f'{i}.npy': b'' for i in range(10_000)}}),
        'the archive inside itself': zipped({parts[0]: valid}),
    }


BODY = arrays(samples.smpl_npz(), ('v_template', 'kintree_table', 'f'))
MOTION = arrays(samples.motion_npz(), ('poses', 'trans', 'mocap_framerate'))
ROWS = arrays(samples.rows_npz(), ('rows', 'lengths', 'meta'))
TRAJECTORY = arrays(
    samples.trajectory_npz(), ('joint_names', 'time_from_start', 'base_quaternion_xyzw')
)
MOTION['a rate without end'] = zipped({
    'poses.npy': npy(np.zeros((600_000, 66), np.float16)),
    'trans.npy': npy(np.zeros((600_000, 3), np.float16)),
    'mocap_framerate.npy': npy(np.array(1e9)),
})  # fmt: skip
