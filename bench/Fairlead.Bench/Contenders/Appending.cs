using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The common part of contenders that append to a file: another process that answers on request, which ends the round, and the place of
/// the files.
/// </summary>
internal sealed class Appending(Session session) : IDisposable
{
    /// <summary>The limit of a file or log, in bytes.</summary>
    public const long Kept = 256L * 1024 * 1024;

    private readonly Socket _socket = UnixSockets.Connect(session);

    /// <summary>The folder, on a disk, as a log is; removed with the run.</summary>
    public static string Folder => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? Path.GetTempPath();

    /// <summary>
    /// Answers until the client leaves. <paramref name="isLast"/>: waits until the last record has come, if it reads them.
    /// </summary>
    public static void Serve(Session session, Action listening, Action? isLast = null)
    {
        using var socket = UnixSockets.AcceptOne(session, listening);
        byte[] asked = new byte[1];
        while (socket.ReceiveAll(asked))
        {
            isLast?.Invoke();
            socket.SendAll(asked);
        }
    }

    public void WaitForLast()
    {
        byte[] answer = [1];
        _socket.SendAll(answer);
        if (!_socket.ReceiveAll(answer))
        {
            throw new IOException("the server has left");
        }
    }

    public void Dispose() => _socket.Dispose();
}
