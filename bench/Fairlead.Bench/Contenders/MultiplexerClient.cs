using System.Net.Sockets;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Many concurrent calls over one socket. One loop reads the replies and completes the calls. Requests coalesce: while one caller writes,
/// or while the reader completes calls, the requests of the others are gathered, and leave together with the next write.
/// </summary>
internal sealed class MultiplexerClient : ConcurrentCaller
{
    private readonly Socket _socket;
    private readonly Lock _gate = new();

    // Under the gate. Only the reader completes calls, and only the flusher has the writer that leaves.
    private readonly Stack<PendingCall> _free = new();
    private PendingCall[] _calls = [];
    private FrameWriter _gathering = new();
    private FrameWriter _leaving = new();
    private bool _isFlushing;
    private Exception? _end;

    /// <param name="socket">Owned from now on.</param>
    /// <param name="tellsInline">
    /// Whether a caller continues on the thread that reads its reply: its next request then leaves with those of the others, and one that
    /// blocks delays all of them. Otherwise it continues in the pool.
    /// </param>
    public MultiplexerClient(Socket socket, bool tellsInline)
    {
        _socket = socket;
        TellsInline = tellsInline;
        _ = ReadAsync();
    }

    public bool TellsInline { get; }

    public override async Task CallAsync(EchoLoop loop)
    {
        byte[] reply = new byte[loop.Request.Length];
        while (loop.Next())
        {
            int length = await CallAsync(loop.Request, reply).ConfigureAwait(false);
            loop.Check(reply.AsSpan(0, length));
        }
    }

    public override void Dispose() => _socket.Dispose();

    /// <summary>Returns a call to the pool after its caller has the result.</summary>
    public void Return(PendingCall call)
    {
        lock (_gate)
        {
            _free.Push(call);
        }
    }

    /// <summary>Sends the request, which is copied before this returns, and awaits the reply.</summary>
    /// <returns>The length of the reply.</returns>
    private ValueTask<int> CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply)
    {
        PendingCall call;
        bool flushes;
        lock (_gate)
        {
            if (_end is not null)
            {
                throw new IOException("the connection has ended", _end);
            }

            call = _free.Count > 0 ? _free.Pop() : Add();
            call.Begin(reply);
            _gathering.Append(call.Number, request.Span);
            flushes = TryBeginFlush();
        }

        var result = call.Reply;
        if (flushes)
        {
            _ = FlushAsync();
        }

        return result;
    }

    private PendingCall Add()
    {
        PendingCall call = new(_calls.Length, this);
        _calls = [.. _calls, call];
        return call;
    }

    /// <summary>Makes the caller the flusher, under the gate.</summary>
    /// <returns>False when another flush is under way, which also writes the gathered requests.</returns>
    private bool TryBeginFlush()
    {
        bool begins = !_isFlushing;
        _isFlushing = true;
        return begins;
    }

    /// <summary>Writes the gathered requests, and those that others gather meanwhile, until none is left.</summary>
    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    if (_gathering.IsEmpty)
                    {
                        _isFlushing = false;
                        return;
                    }

                    (_gathering, _leaving) = (_leaving, _gathering);
                }

                await _socket.SendAllAsync(_leaving.Written).ConfigureAwait(false);
                _leaving.Clear();
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The reader finds the socket closed, and tells the waiters why.
            lock (_gate)
            {
                _end ??= failure;
            }

            _socket.Dispose();
        }
    }

    private async Task ReadAsync()
    {
        Exception end = new IOException("the server has left");
        try
        {
            FrameReader replies = new();
            while (await _socket.ReceiveAsync(replies.Room()).ConfigureAwait(false) is > 0 and int count)
            {
                replies.Add(count);
                Complete(replies);
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or InvalidDataException)
        {
            end = failure;
        }

        PendingCall[] calls;
        lock (_gate)
        {
            _end ??= end;
            end = _end;
            calls = _calls;
        }

        foreach (var call in calls.Where(static call => call.IsPending))
        {
            call.Fail(end);
        }
    }

    /// <summary>Completes the calls of all replies of one read; the requests that follow from them leave with one write.</summary>
    private void Complete(FrameReader replies)
    {
        bool flushes;
        PendingCall[] calls;
        lock (_gate)
        {
            flushes = TryBeginFlush();
            calls = _calls;
        }

        while (replies.TryTake(out int number, out var reply))
        {
            if ((uint)number >= (uint)calls.Length)
            {
                throw new InvalidDataException($"the server answered call {number}, which was never made");
            }

            calls[number].Complete(reply);
        }

        if (flushes)
        {
            _ = FlushAsync();
        }
    }
}
