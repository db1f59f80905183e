namespace Fairlead.Rpc.Calls;

/// <summary>
/// Counts what each client makes the server keep: the calls that wait, the frames that are held, the bytes of both, and the memory of the
/// values that were read from them.
/// </summary>
/// <remarks>
/// One lock. Short calls that run without waiting do not come here: <see cref="RpcServerOptions.MaxConcurrentCalls"/> limits them.
/// </remarks>
/// <param name="mostCalls">How many calls of one client may wait.</param>
/// <param name="mostBytes">How many bytes one client may have here. One call or frame alone may have more.</param>
/// <param name="clients">Which connections belong to one client.</param>
internal sealed class ClientShares(int mostCalls, long mostBytes, IEqualityComparer<Peer> clients)
{
    /// <summary>The length from which a call counts while it runs. Counting shorter ones would cost more than their bytes.</summary>
    public const int LongCall = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<Peer, Share> _clients = new(clients);

    private int _calls;
    private TaskCompletionSource? _emptied;

    /// <summary>Returns how many places of all one client may have: three quarters, which leaves a quarter to others.</summary>
    public static int MostOfOne(int all) => all - (all / 4);

    /// <summary>How many calls of all clients wait.</summary>
    public int Calls
    {
        get
        {
            lock (_lock)
            {
                return _calls;
            }
        }
    }

    /// <summary>How many bytes of all clients are here.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _clients.Values.Sum(static share => share.Bytes);
            }
        }
    }

    /// <summary>Counts a call that waits.</summary>
    /// <returns>Why it may not wait; null: it may, and <see cref="LeaveCall"/> is called with the same length.</returns>
    public string? EnterCall(Peer client, int length)
    {
        lock (_lock)
        {
            Share share = _clients.GetValueOrDefault(client);
            if (share.Calls == mostCalls)
            {
                return $"{mostCalls} calls of this client wait at the server, as many as it accepts";
            }

            if (share.Exceeds(length, mostBytes))
            {
                return Explain(share);
            }

            _clients[client] = share with { Calls = share.Calls + 1, Bytes = share.Bytes + length };
            _calls++;
            return null;
        }
    }

    /// <summary>A call waits no longer.</summary>
    public void LeaveCall(Peer client, int length)
    {
        lock (_lock)
        {
            Share share = _clients[client];
            Set(client, share with { Calls = share.Calls - 1, Bytes = share.Bytes - length });
            if (--_calls == 0)
            {
                _emptied?.TrySetResult();
            }
        }
    }

    /// <summary>
    /// Counts a frame that is kept: a long call, the opening of a call with streams, or items that have not been read.
    /// </summary>
    /// <param name="client">The client.</param>
    /// <param name="length">The length of the frame.</param>
    /// <param name="isRead">
    /// Whether its values are read soon. If there was no memory for those of the client's last call, and there would be none for as many
    /// of each byte now, they are not tried.
    /// </param>
    /// <returns>Null: the client has too many bytes here.</returns>
    public HeldFrame? Hold(Peer client, int length, bool isRead)
    {
        lock (_lock)
        {
            Share share = _clients.GetValueOrDefault(client);
            if (share.Exceeds(isRead ? Math.Max(1, share.Growth) * length : length, mostBytes))
            {
                return null;
            }

            _clients[client] = share with { Frames = share.Frames + 1, Bytes = share.Bytes + length };
            return new HeldFrame(this, client, length) { Bytes = length };
        }
    }

    /// <summary>Returns why a call was not kept.</summary>
    public string Explain(Peer client)
    {
        lock (_lock)
        {
            return Explain(_clients.GetValueOrDefault(client));
        }
    }

    /// <summary>Why items were not kept.</summary>
    public string FullText => $"frames of this client fill the {mostBytes} bytes that the server keeps for one client";

    /// <summary>Why values were not read.</summary>
    private string MemoryText =>
        $"the values of this call need more memory than is left of the {mostBytes} bytes that the server keeps for one client";

    /// <summary>Waits until no call waits. To be called once, when no more come.</summary>
    public Task EmptyAsync()
    {
        lock (_lock)
        {
            _emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _calls == 0 ? Task.CompletedTask : _emptied.Task;
        }
    }

    private string Explain(Share share) =>
        $"calls of this client with {share.Bytes} bytes wait at the server, which accepts {mostBytes}";

    private bool TryGrow(HeldFrame frame, long bytes)
    {
        lock (_lock)
        {
            if (frame.IsOver)
            {
                // The call has ended while an item of it is being read.
                return true;
            }

            Share share = _clients[frame.Client];
            if (share.Bytes > frame.Bytes && share.Bytes + bytes > mostBytes)
            {
                frame.IsRefused = true;
                _clients[frame.Client] = share with { Growth = 1 + ((frame.Bytes + bytes) / frame.Length) };
                return false;
            }

            frame.Bytes += bytes;
            _clients[frame.Client] = share with { Bytes = share.Bytes + bytes };
            return true;
        }
    }

    private void LeaveFrame(HeldFrame frame)
    {
        lock (_lock)
        {
            Share share = _clients[frame.Client];
            Set(
                frame.Client,
                share with
                {
                    Frames = share.Frames - 1,
                    Bytes = share.Bytes - frame.Bytes,
                    Growth = frame.IsRefused ? share.Growth : 0,
                });
        }
    }

    private void Set(Peer client, Share share)
    {
        if (share is { Calls: 0, Frames: 0 })
        {
            _clients.Remove(client);
        }
        else
        {
            _clients[client] = share;
        }
    }

    /// <summary>
    /// The bytes of a frame that is kept, and the memory of the values that were read from it. Disposing it gives both back; further times
    /// have no effect. Any thread.
    /// </summary>
    internal sealed class HeldFrame(ClientShares shares, Peer client, int length) : IMemoryShare, IDisposable
    {
        private int _isOver;

        /// <summary>The client that has sent it.</summary>
        public Peer Client => client;

        /// <summary>Whether the bytes were released.</summary>
        public bool IsOver => Volatile.Read(ref _isOver) != 0;

        /// <summary>The turn of its arguments to be read; null: they need none.</summary>
        public LongRead? Read { get; set; }

        /// <summary>The bytes of the frame itself.</summary>
        public int Length => length;

        /// <summary>The bytes of the frame and of its values. Under the lock of the shares.</summary>
        public long Bytes { get; set; }

        /// <summary>Whether there was no memory for its values. Under the lock of the shares.</summary>
        public bool IsRefused { get; set; }

        /// <inheritdoc/>
        public void Take(long bytes)
        {
            if (!shares.TryGrow(this, bytes))
            {
                throw new RpcFormatException(shares.MemoryText) { Code = ErrorCode.Full };
            }
        }

        /// <inheritdoc/>
        public void EndRead() => Read?.End();

        /// <inheritdoc/>
        public void Dispose()
        {
            EndRead();
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                shares.LeaveFrame(this);
            }
        }
    }

    // With how many bytes of memory for each byte of the last call for whose values there were too few; 0: there was none.
    private readonly record struct Share(int Calls, int Frames, long Bytes, long Growth)
    {
        public bool Exceeds(long length, long most) => Bytes > 0 && length > 0 && Bytes + length > most;
    }
}
