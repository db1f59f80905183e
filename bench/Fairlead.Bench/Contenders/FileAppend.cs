using System.Runtime.InteropServices;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The baseline of appending: one <c>write(2)</c> a record to a file opened with <c>O_APPEND</c>, as programs that keep a log by hand do.
/// The file has no reader.
/// </summary>
internal sealed partial class FileAppend() : Contender<OneWaySender>("write(2), one each")
{
    public override void Serve(Session session, Action listening) => Appending.Serve(session, listening);

    public override OneWaySender Connect(Session session) => new Client(session);

    private sealed class Client(Session session) : OneWaySender
    {
        private const int WriteOnly = 1;
        private const int Create = 0x40;
        private const int Append = 0x400;

        private readonly int _file = File();
        private readonly Appending _server = new(session);
        private long _size;

        public override void Send(ReadOnlySpan<byte> message)
        {
            if (Native.Write(_file, in MemoryMarshal.GetReference(message), message.Length) != message.Length)
            {
                throw new IOException("the record was not written");
            }

            // As the log removes old segments: otherwise a run fills the disk.
            _size += message.Length;
            if (_size > Appending.Kept)
            {
                _ = Native.Truncate(_file, 0);
                _size = 0;
            }
        }

        public override void SendLast(ReadOnlySpan<byte> message)
        {
            Send(message);
            _server.WaitForLast();
        }

        public override void Dispose()
        {
            _server.Dispose();
            _ = Native.Close(_file);
        }

        private static int File()
        {
            string path = Path.Combine(Appending.Folder, $"{Guid.NewGuid():N}");
            int file = Native.Open(path, WriteOnly | Create | Append, 0x180);
            return file >= 0 ? file : throw new IOException($"{path} cannot be made");
        }
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags, int mode);

        [LibraryImport("libc", EntryPoint = "write")]
        public static partial nint Write(int file, in byte bytes, nint count);

        [LibraryImport("libc", EntryPoint = "ftruncate")]
        public static partial int Truncate(int file, long length);

        [LibraryImport("libc", EntryPoint = "close")]
        public static partial int Close(int file);
    }
}
