namespace Fairlead;

/// <summary>The only exception type of Fairlead. It names the problem, the address, the peer, and what to do.</summary>
/// <remarks>
/// Expected outcomes, such as a full queue or the timeout of a Try method, are results and not exceptions. This is an
/// <see cref="IOException"/>: code that retries or reports errors of streams and files treats it the same way.
/// </remarks>
public sealed class FairleadException : IOException
{
    /// <summary>Creates the error.</summary>
    /// <param name="code">The kind of failure.</param>
    /// <param name="whatHappened">
    /// A sentence without its full stop. If it begins with "is ", the address is its subject ("is held by pid 7").
    /// </param>
    /// <param name="whatToDo">One or more sentences of advice, or <see langword="null"/> if there is none.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public FairleadException(ErrorCode code, string whatHappened, string? whatToDo = null, Exception? innerException = null)
        : base(whatHappened, innerException)
    {
        Code = code;
        WhatHappened = whatHappened;
        WhatToDo = whatToDo;
    }

    /// <summary>The kind of failure. Decide by this and not by the text.</summary>
    public ErrorCode Code { get; }

    /// <summary>A sentence about what happened, without address and advice.</summary>
    public string WhatHappened { get; }

    /// <summary>The advice, or <see langword="null"/>.</summary>
    public string? WhatToDo { get; }

    /// <summary>The address concerned, if there is one.</summary>
    public Address? Address { get; init; }

    /// <summary>The process at the other end or the holder of the requested object, if known.</summary>
    public Peer? Peer { get; init; }

    /// <summary>The kernel's error number, if a system call failed.</summary>
    public int? Errno { get; init; }

    /// <summary>Why a connection ended, if one did.</summary>
    public CloseReason? Reason { get; init; }

    /// <summary>For a request without a reply: whether it may have been executed.</summary>
    /// <remarks>
    /// <see cref="DeliveryStatus.NotDelivered"/>: the request certainly did not reach the responder's program, and may be repeated.
    /// <see cref="DeliveryStatus.Unknown"/>: it may have been executed.
    /// </remarks>
    public DeliveryStatus? Delivery { get; init; }

    /// <inheritdoc/>
    public override string Message
    {
        get
        {
            var where = Address is null ? ""
                : WhatHappened.StartsWith("is ", StringComparison.Ordinal) ? $"{Address.Display} "
                : $"{Address.Display}: ";
            return WhatToDo is null ? $"{where}{WhatHappened}" : $"{where}{WhatHappened}. {WhatToDo}";
        }
    }

    /// <summary>Returns a new error with its meaning for one request, because all callers of a link share the error that ended
    /// it.</summary>
    internal FairleadException Meaning(DeliveryStatus delivery, string what) =>
        new(Code, WhatHappened + what, WhatToDo, InnerException)
        {
            Address = Address,
            Peer = Peer,
            Errno = Errno,
            Reason = Reason,
            Delivery = delivery,
        };

    /// <summary>Returns the same error with an address. Called by the layer that knows it, above the one with the system call.</summary>
    /// <remarks>An error that was already thrown becomes the cause.</remarks>
    internal FairleadException At(Address address) =>
        new(Code, WhatHappened, WhatToDo, StackTrace is null ? InnerException : this)
        {
            Address = address,
            Peer = Peer,
            Errno = Errno,
            Reason = Reason,
            Delivery = Delivery,
        };
}
