using System.Diagnostics;
using System.IO.Pipes;
using Fairlead.Processes;

namespace Fairlead.Cli.Services;

/// <summary>Carries the bytes between a client and its command, if there are limits that only an observer of the bytes can keep.</summary>
/// <remarks>
/// Owns the connection, the two pipes of the command, and one buffer for each direction. One thread runs it, which sleeps in a wait set of
/// its own. A direction reads again only when its buffer is empty, so a slow reader slows its writer, as it does without a relay.
/// </remarks>
internal sealed class ProgramRelay(SocketConnection client, ProgramLimits limits) : IDisposable
{
    /// <summary>A pipe that can be written takes this much without blocking.</summary>
    private const int PipePiece = 4096;

    private const int OutputPiece = 64 * 1024;

    private readonly AnonymousPipeServerStream _input = new(PipeDirection.Out, HandleInheritability.None);
    private readonly AnonymousPipeServerStream _output = new(PipeDirection.In, HandleInheritability.None);
    private readonly WaitSet _set = new();
    private readonly byte[] _toCommand = new byte[PipePiece];
    private readonly byte[] _toClient = new byte[OutputPiece];
    private Piece _up;
    private Piece _down;
    private bool _isInputOver;
    private bool _isOutputOver;
    private bool _canWriteInput;
    private bool _canReadOutput;
    private long _written;

    // What the thread waits for at present.
    private WaitAttachment? _clientWait;
    private WaitAttachment? _inputWait;
    private WaitAttachment? _outputWait;
    private Readiness _clientInterest;

    /// <summary>The standard input of the command.</summary>
    public Redirection Input => Redirection.To(_input.ClientSafePipeHandle);

    /// <summary>The standard output of the command.</summary>
    public Redirection Output => Redirection.To(_output.ClientSafePipeHandle);

    /// <summary>Runs in its own thread until the command has closed its output, a limit is exceeded, or the client has gone.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<RelayEnd> RunAsync(CancellationToken cancellationToken)
    {
        // The command has these ends now. A copy here would keep its input and its output from ending.
        _input.DisposeLocalCopyOfClientHandle();
        _output.DisposeLocalCopyOfClientHandle();
        return Task.Factory.StartNew(
            () => Run(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Closes the connection and the pipes. Not while it runs.</summary>
    public void Dispose()
    {
        _set.Dispose();
        _input.Dispose();
        _output.Dispose();
        client.Dispose();
    }

    private RelayEnd Run(CancellationToken cancellationToken)
    {
        var lastMove = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (MoveUp() | MoveDown())
                {
                    lastMove = Stopwatch.GetTimestamp();
                    if (_written > limits.MostOutput)
                    {
                        return RelayEnd.TooMuch;
                    }

                    continue;
                }
            }
            catch (FairleadException gone) when (gone.Code == ErrorCode.PeerGone)
            {
                return RelayEnd.ClientGone;
            }

            if (_isOutputOver && _down.IsEmpty)
            {
                client.EndSending();
                return RelayEnd.Over;
            }

            var rest = limits.Idle - Stopwatch.GetElapsedTime(lastMove);
            if (rest <= TimeSpan.Zero)
            {
                return RelayEnd.Idle;
            }

            Wait(rest, cancellationToken);
        }
    }

    /// <summary>Moves bytes from the client to the command. Returns whether any moved.</summary>
    private bool MoveUp()
    {
        if (_isInputOver)
        {
            return false;
        }

        if (_up.IsEmpty)
        {
            if (client.TryRead(_toCommand) is not { } read)
            {
                return false;
            }

            _up = new Piece(0, read);
            if (read == 0)
            {
                EndInput();
            }

            return read > 0;
        }

        if (!_canWriteInput)
        {
            return false;
        }

        _canWriteInput = false;
        try
        {
            _input.Write(_toCommand.AsSpan(_up.Start, _up.Length));
            _up = default;
            return true;
        }
        catch (IOException)
        {
            // The command reads no more. It may still write.
            EndInput();
            return false;
        }
    }

    private void EndInput()
    {
        _isInputOver = true;
        _inputWait?.Dispose();
        _inputWait = null;
        _input.Dispose();
    }

    /// <summary>Moves bytes from the command to the client. Returns whether any moved.</summary>
    private bool MoveDown()
    {
        if (!_down.IsEmpty)
        {
            if (client.TryWrite(_toClient.AsSpan(_down.Start, _down.Length)) is not { } written)
            {
                return false;
            }

            _down = _down.Without(written);
            return true;
        }

        if (_isOutputOver || !_canReadOutput)
        {
            return false;
        }

        _canReadOutput = false;
        var read = _output.Read(_toClient);
        _written += read;
        _down = new Piece(0, read);
        _isOutputOver = read == 0;
        return read > 0;
    }

    /// <summary>Sleeps until a direction can go on.</summary>
    private void Wait(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var interest = (_up.IsEmpty && !_isInputOver ? Readiness.Readable : Readiness.None)
            | (_down.IsEmpty ? Readiness.None : Readiness.Writable);
        if (interest != _clientInterest)
        {
            _clientWait?.Dispose();
            _clientWait = interest == Readiness.None ? null : _set.Attach(client.Handle, interest);
            _clientInterest = interest;
        }

        Watch(ref _inputWait, !_isInputOver && !_up.IsEmpty, _input, Readiness.Writable);
        Watch(ref _outputWait, !_isOutputOver && _down.IsEmpty, _output, Readiness.Readable);
        foreach (var happened in _set.Wait(timeout, cancellationToken))
        {
            _canWriteInput |= happened.Attachment == _inputWait;
            _canReadOutput |= happened.Attachment == _outputWait;
        }
    }

    private void Watch(ref WaitAttachment? attachment, bool isWanted, PipeStream pipe, Readiness interest)
    {
        if (isWanted)
        {
            attachment ??= _set.Attach(pipe.SafePipeHandle, interest);
        }
        else
        {
            attachment?.Dispose();
            attachment = null;
        }
    }

    /// <summary>The bytes of a buffer that have not moved on.</summary>
    private readonly record struct Piece(int Start, int Length)
    {
        public bool IsEmpty => Length == 0;

        public Piece Without(int count) => new(Start + count, Length - count);
    }
}

/// <summary>Why a relay ended.</summary>
internal enum RelayEnd
{
    /// <summary>The command has closed its output, and the client has all of it.</summary>
    Over,

    /// <summary>No byte moved for the limit's time.</summary>
    Idle,

    /// <summary>The command wrote more than the limit.</summary>
    TooMuch,

    /// <summary>The client takes no more bytes.</summary>
    ClientGone,
}
