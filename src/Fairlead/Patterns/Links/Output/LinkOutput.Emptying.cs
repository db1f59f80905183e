using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;


namespace Fairlead.Patterns.Links.Output;

/// <content>Callers that wait until the kernel has the output before them, or until the peer has confirmed it.</content>
internal sealed partial class LinkOutput
{
    /// <summary>Writes the buffered output, and completes the operation when the kernel has all of it or the link has lost some.</summary>
    public void Start(FlushOperation operation)
    {
        bool needsPump = false;
        bool isDone;
        using (_side.Hold())
        {
            if (operation.IsClaimed)
            {
                return;
            }

            if (!IsBlocked)
            {
                needsPump = FlushNow();
            }

            isDone = _endpoint.Settings.Confirms ? ConfirmWaiters.Await(operation) : AwaitWritten(operation);
        }

        // A long message may be complete as well.
        using (Completions completions = Completions.Rent())
        using (_side.Hold())
        {
            CompleteWriting(completions);
        }

        if (isDone)
        {
            operation.Signal(inline: false);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.Pump.ArmForWaiters();
        }
    }

    /// <summary>Withdraws an operation. Called by its caller, on any thread.</summary>
    public void Withdraw(FlushOperation operation, Exception? error)
    {
        bool isOurs;
        using (_side.Hold())
        {
            _flushing.Remove(operation);
            ConfirmWaiters.Remove(operation);
            isOurs = error is null ? operation.TryComplete(false) : operation.TryFail(error);
        }

        if (isOurs)
        {
            operation.Signal(inline: false);
        }
    }

    /// <summary>Ends all waiting flushes with the reason, because the link is over.</summary>
    public void EndFlushes()
    {
        if (_flushing.Any)
        {
            _flushing.End(_link.EndException());
        }
    }

    /// <summary>Makes an operation wait for the kernel. Returns whether it has ended here. Under the send lock.</summary>
    private bool AwaitWritten(FlushOperation operation)
    {
        // The connection of a link that has just gone down is closed and holds nothing; its end contains the lost bytes.
        operation.Rest = _link.State == LinkState.Down ? _link.End!.Unwritten : Unwritten;
        if (operation.Rest == 0)
        {
            return operation.TryComplete(true);
        }

        if (IsBroken || _link.State == LinkState.Down)
        {
            return operation.TryFail(_link.EndException());
        }

        _flushing.Add(operation);
        return false;
    }
}
