using System.IO.Pipes;
using System.Net.Sockets;
using Fairlead.NamedHandles.Names;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>One call of a client that connects: tries the instances of the name, and waits until one of them becomes free.</summary>
internal sealed class PipeConnector(
    PipeName name, PipeDirection direction, bool currentUserOnly, Deadline deadline, CancellationToken token)
{
    // How long the client waits until it looks again if the kernel may not report what it waits for.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // How long a server takes to answer at most, unless it is stopped. Also for a caller who does not wait: an idle server answers.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private string _why = "no server has an instance of it";
    private TimeSpan _pause = ShortestPause;

    // Whether there is a socket that may serve the client later without a change of its name: one at a path that does not listen yet, one
    // with a full queue, one of a stopped process.
    private bool _isUnreported;

    /// <summary>The sizes of the buffers at this end, once connected.</summary>
    public (int In, int Out) Buffers { get; private set; }

    /// <summary>Connects, and blocks the thread.</summary>
    public PipeLink Connect() => RunAsync(blocks: true).AsTask().GetAwaiter().GetResult();

    /// <summary>Connects without blocking the thread.</summary>
    public ValueTask<PipeLink> ConnectAsync() => RunAsync(blocks: false);

    // Where it blocks, it never awaits anything that is not complete, so it needs no thread of the pool.
    private async ValueTask<PipeLink> RunAsync(bool blocks)
    {
        if (await TryAllAsync(blocks).ConfigureAwait(false) is { } first)
        {
            return first;
        }

        FolderWatch watch = Watch();
        try
        {
            while (true)
            {
                Task change = watch.Next;
                if (await TryAllAsync(blocks).ConfigureAwait(false) is { } link)
                {
                    return link;
                }

                if (deadline.Passed)
                {
                    throw PipeErrors.TimedOut(name, _why);
                }

                await WaitAsync(change, Pause(watch), blocks).ConfigureAwait(false);
                _pause = change.IsCompleted ? ShortestPause : _pause;
                if (!watch.IsWatching)
                {
                    // The folder has been removed, or the kernel had no watch left.
                    watch.Dispose();
                    watch = Watch();
                }
            }
        }
        finally
        {
            watch.Dispose();
        }
    }

    private TimeSpan Pause(FolderWatch watch)
    {
        TimeSpan pause = Timeout.InfiniteTimeSpan;
        if (!watch.IsWatching || _isUnreported)
        {
            // Something may change that nothing reports: more often soon after a change, because servers begin to listen then.
            pause = _pause;
            _pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        return deadline.IsInfinite || (pause != Timeout.InfiniteTimeSpan && pause < deadline.Remaining) ? pause : deadline.RemainingTimer;
    }

    private FolderWatch Watch()
    {
        if (!name.IsPath)
        {
            string stem = name.Stem;
            return FolderWatch.OfNames(PipeFolder.Prepare(), file => PipeFolder.IsSocket(file, stem));
        }

        int slash = name.Text.LastIndexOf('/');
        string socket = name.Text[(slash + 1)..];
        return FolderWatch.OfNames(slash == 0 ? "/" : name.Text[..slash], file => file == socket);
    }

    private async ValueTask<PipeLink?> TryAllAsync(bool blocks)
    {
        token.ThrowIfCancellationRequested();
        _isUnreported = false;
        if (name.IsPath)
        {
            return TryPath();
        }

        List<(string Path, PipeTransmissionMode Mode)> sockets = PipeFolder.Sockets(PipeFolder.Prepare(), name.Stem);
        _why = sockets.Count > 0 ? "all its instances have a client" : _why;

        // Clients that look at the same time begin at different instances.
        int begin = sockets.Count > 1 ? Random.Shared.Next(sockets.Count) : 0;
        for (int i = 0; i < sockets.Count; i++)
        {
            (string path, PipeTransmissionMode mode) = sockets[(begin + i) % sockets.Count];
            if (await TryAsync(path, mode, blocks).ConfigureAwait(false) is { } link)
            {
                return link;
            }
        }

        return null;
    }

    private PipeLink? TryPath()
    {
        Descriptor socket = NativeSocket.Create(AddressFamily.Unix, NativeSocketType.Stream);
        Errno error = SocketFile.Connect(socket, name.Text);
        if (error != Errno.None)
        {
            socket.Dispose();
            _isUnreported = error is Errno.ECONNREFUSED or Errno.EAGAIN;
            _why = $"{name.Text} does not answer ({ErrnoMap.Describe(error)})";
            return error is Errno.ENOENT or Errno.ENOTDIR or Errno.ECONNREFUSED or Errno.EAGAIN ? null
                : error is Errno.EACCES or Errno.EPERM ? throw new UnauthorizedAccessException(
                    $"Access to {name.Text} is denied ({ErrnoMap.Describe(error)}): the socket belongs to another user. Ask its owner.")
                : throw ErrnoMap.Failure($"cannot connect to {name.Text}", error);
        }

        return Checked(PipeLink.Of(socket, PipeTransmissionMode.Byte));
    }

    private async ValueTask<PipeLink?> TryAsync(string path, PipeTransmissionMode mode, bool blocks)
    {
        Descriptor socket = NativeSocket.Create(
            AddressFamily.Unix, mode == PipeTransmissionMode.Message ? NativeSocketType.SeqPacket : NativeSocketType.Stream);
        bool isKept = false;
        try
        {
            Errno error = SocketFile.Connect(socket, path);
            if (error is Errno.ENOENT or Errno.ECONNREFUSED or Errno.EAGAIN or Errno.EPROTOTYPE)
            {
                // Taken by another client, left by a dead server, or too many ask.
                _isUnreported |= error == Errno.EAGAIN;
                return null;
            }

            if (error != Errno.None)
            {
                throw ErrnoMap.Failure($"cannot connect to {path}", error);
            }

            // The instance closes the socket if another client was first.
            if (!socket.Write(PipeGreeting.OfClient(direction)).Ok)
            {
                return null;
            }

            byte[] words = new byte[PipeGreeting.ServerLength];
            Deadline answered = Deadline.After(AnswerPatience);
            IoResult read;
            while ((read = socket.Read(words)).WouldBlock)
            {
                if (answered.Passed)
                {
                    _why = $"the server at {path} does not answer";
                    _isUnreported = true;
                    return null;
                }

                await UntilReadableAsync(socket, answered, blocks).ConfigureAwait(false);
            }

            if (!PipeGreeting.TryReadServer(words.AsSpan(0, read.Count), out bool isWelcome, out int serverIn, out int serverOut))
            {
                return null;
            }

            if (!isWelcome)
            {
                throw new UnauthorizedAccessException($"Access is denied: {name} has not the direction {direction} for its clients.");
            }

            Buffers = (serverOut, serverIn);
            isKept = true;
            return Checked(PipeLink.Of(socket, mode, serverIn));
        }
        finally
        {
            if (!isKept)
            {
                socket.Dispose();
            }
        }
    }

    private PipeLink Checked(PipeLink link)
    {
        if (!currentUserOnly || link.Peer?.UserId == NativeProcess.UserId)
        {
            return link;
        }

        link.Dispose();
        throw new UnauthorizedAccessException($"Access is denied: the server of {name} belongs to another user.");
    }

    private async ValueTask UntilReadableAsync(Descriptor socket, Deadline answered, bool blocks)
    {
        if (blocks)
        {
            _ = BlockingWait.Wait(socket, PollEvents.Read, answered.Remaining);
            return;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(answered.Remaining);
        try
        {
            await ReactorWait.UntilAsync(socket, PollEvents.Read, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            // The time is over, which the caller finds.
        }
    }

    private async ValueTask WaitAsync(Task change, TimeSpan pause, bool blocks)
    {
        if (blocks)
        {
            _ = change.Wait(pause);
            return;
        }

        try
        {
            await change.WaitAsync(pause, TimeProvider.System, token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is time to look again.
        }
    }
}
