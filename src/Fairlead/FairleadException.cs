namespace Fairlead;

/// <summary>
/// The one exception of Fairlead. It says what happened, at which address, through whom, and what to do.
/// Expected outcomes (a full queue, the timeout of a Try method) are results and never come as an exception.
/// An <see cref="IOException"/>, so that code which retries or reports those of streams and files treats it likewise.
/// </summary>
public sealed class FairleadException : IOException
{
    /// <summary>Creates the error.</summary>
    /// <param name="code">The kind of failure.</param>
    /// <param name="whatHappened">
    /// A sentence without its full stop. One that begins with "is " has the address as its subject ("is held by pid 7").
    /// </param>
    /// <param name="whatToDo">One or more sentences of advice, or <see langword="null"/> where there is nothing to be done.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public FairleadException(ErrorCode code, string whatHappened, string? whatToDo = null, Exception? innerException = null)
        : base(whatHappened, innerException)
    {
        Code = code;
        WhatHappened = whatHappened;
        WhatToDo = whatToDo;
    }

    /// <summary>The kind of failure; decide by this, not by the text.</summary>
    public ErrorCode Code { get; }

    /// <summary>The sentence that says what happened, without address and advice.</summary>
    public string WhatHappened { get; }

    /// <summary>The advice, or <see langword="null"/>.</summary>
    public string? WhatToDo { get; }

    /// <summary>The address that was used, where there was one.</summary>
    public Address? Address { get; init; }

    /// <summary>The process at the other end, or the one that holds what was wanted, where it is known.</summary>
    public Peer? Peer { get; init; }

    /// <summary>The kernel's error number, where a system call failed.</summary>
    public int? Errno { get; init; }

    /// <summary>Where a connection ended: why.</summary>
    public CloseReason? Reason { get; init; }

    /// <summary>
    /// Where a request got no reply: <see cref="DeliveryStatus.NotDelivered"/>, it was not sent, or certainly not handed to the responder's
    /// program, and may be repeated; <see cref="DeliveryStatus.Unknown"/>, it may have been carried out.
    /// </summary>
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

    /// <summary>The same error, and what it means for a request. Made anew: what ends a link is told to all of its callers.</summary>
    internal FairleadException Meaning(DeliveryStatus delivery, string what) =>
        new(Code, WhatHappened + what, WhatToDo, InnerException)
        {
            Address = Address,
            Peer = Peer,
            Errno = Errno,
            Reason = Reason,
            Delivery = delivery,
        };

    /// <summary>
    /// The same error at an address, for the layer that knows it, above the one that made the system call. One that was thrown already
    /// becomes the cause.
    /// </summary>
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
