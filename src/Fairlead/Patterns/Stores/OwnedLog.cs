using Fairlead.Logs;

namespace Fairlead.Patterns.Stores;

/// <summary>Opens logs that belong to one store at a time: it holds a named position there.</summary>
internal static class OwnedLog
{
    /// <summary>Opens a log, or creates it.</summary>
    /// <param name="place">The address of the log, which errors name.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="position">The position by which it is owned.</param>
    /// <param name="begin">Makes the store, which owns both. If it throws, both are closed.</param>
    /// <exception cref="FairleadException">AlreadyExists: it has an owner. As for any log.</exception>
    public static T Open<T>(Address place, LogOptions? options, string position, Func<MappedLog, LogFollower, T> begin)
    {
        MappedLog log = MappedLog.Open(place, options);
        LogFollower? held = null;
        try
        {
            held = log.Follow(position);
            return begin(log, held);
        }
        catch (Exception error)
        {
            held?.Dispose();
            log.Dispose();
            if (error is FairleadException { Address: null } unnamed)
            {
                throw unnamed.At(place);
            }

            throw;
        }
    }
}
