using System.Net;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>The errors of a port that cannot be bound, for its user.</summary>
internal static class BindErrors
{
    /// <summary>Returns the error for an errno of <c>bind</c>, <c>listen</c> or joining a group.</summary>
    /// <param name="address">The address in the error.</param>
    /// <param name="place">The port that was asked for.</param>
    /// <param name="error">The errno.</param>
    /// <param name="findHolder">Finds the process that has the port; called only if one has it.</param>
    /// <param name="finder">The command that finds a holder that this user cannot see.</param>
    public static FairleadException Of(Address address, IPEndPoint place, Errno error, Func<Holder?> findHolder, string finder)
    {
        Holder? holder = error == Errno.EADDRINUSE ? findHolder() : null;
        Cause? cause = error switch
        {
            Errno.EADDRINUSE when holder is not null => new(
                ErrorCode.AlreadyExists, $"is held by {holder}", "Stop it, or choose another port; port 0 takes any free one."),
            Errno.EADDRINUSE => new(
                ErrorCode.AlreadyExists,
                "is held by another process",
                $"Find the process with {finder} and stop it, or choose another port; port 0 takes any free one."),
            Errno.EADDRNOTAVAIL => new(
                ErrorCode.NotFound,
                $"no interface of this host has the address {place.Address}",
                "Choose an address of this host, or * for all."),
            Errno.EACCES => new(
                ErrorCode.PermissionDenied, $"port {place.Port} is reserved for the system", "Choose a port from 1024."),
            Errno.ENODEV => new(
                ErrorCode.NotFound, $"no interface can join the group {place.Address}", "Name one, such as ?interface=eth0."),
            _ => null,
        };
        return cause is not { } known
            ? ErrnoMap.Failure("cannot be bound", error).At(address)
            : new FairleadException(known.Code, known.WhatHappened, known.WhatToDo)
            {
                Address = address,
                Peer = holder?.Peer,
                Errno = (int)error,
            };
    }

    private readonly record struct Cause(ErrorCode Code, string WhatHappened, string WhatToDo);
}
