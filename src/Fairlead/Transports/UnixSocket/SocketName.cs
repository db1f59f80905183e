using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Transports.UnixSocket;

/// <summary>The address of a socket file in the kernel's form, which holds 107 bytes.</summary>
/// <remarks>
/// A longer path is named through an open descriptor, which must stay open until the address has been used. Dispose this object then.
/// </remarks>
internal sealed class SocketName : IDisposable
{
    /// <summary>The most bytes that fit into <c>sun_path</c> with its final NUL.</summary>
    public const int LongestPath = 107;

    private readonly Descriptor? _keptOpen;

    private SocketName(SocketAddress address, Descriptor? keptOpen = null)
    {
        Address = address;
        _keptOpen = keptOpen;
    }

    /// <summary>The address for bind and connect.</summary>
    public SocketAddress Address { get; }

    /// <summary>Returns whether a path fits unchanged.</summary>
    public static bool Fits(string path) => Encoding.UTF8.GetByteCount(path) <= LongestPath;

    /// <summary>Returns the address of a path that fits, or of an abstract name, which begins with NUL.</summary>
    public static SocketName Of(string path) => new(new UnixDomainSocketEndPoint(path).Serialize());

    /// <summary>Returns the address of an existing socket file, for connecting. Null if the path is long and cannot be opened.</summary>
    public static SocketName? OfExisting(string path, out Errno error)
    {
        error = Errno.None;
        if (Fits(path))
        {
            return Of(path);
        }

        var file = NativeFile.Open(path, OpenFlags.Path, 0, out error);
        return file is null ? null : new SocketName(Of(Through(file)).Address, file);
    }

    /// <summary>Returns a short path that means the open file.</summary>
    public static string Through(Descriptor open) => ProcFiles.Of(open.Number);

    /// <inheritdoc/>
    public void Dispose() => _keptOpen?.Dispose();
}
