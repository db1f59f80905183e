using System.Runtime.CompilerServices;

namespace Fairlead.Rpc;

/// <summary>The comparer of a set or dictionary whose keys a peer has chosen. Generated code uses it.</summary>
/// <remarks>
/// A peer that knows how keys are hashed could send keys that all collide, and make reading n of them cost n² steps. The hashes of this
/// comparer depend on a secret of this process. The own hash of a composite type may collide nonetheless, so reading ends with
/// <see cref="ErrorCode.Corrupt"/> if its keys are compared too often. Equality is the one of <see cref="EqualityComparer{T}.Default"/>.
/// One thread reads; after <see cref="End"/> the comparer holds no state.
/// </remarks>
/// <typeparam name="T">The type of the keys.</typeparam>
public readonly struct RpcKeys<T>
{
    private const int ComparisonsPerKey = 100;
    private const int FreeComparisons = 10_000;
    private readonly Guard? _guard;

    /// <summary>Makes the comparer for a number of keys.</summary>
    public RpcKeys(int count) => _guard = Known.HasOwnHash ? null : new Guard(FreeComparisons + ((long)count * ComparisonsPerKey));

    /// <summary>The comparer; null is the default one, which protects texts already.</summary>
    public IEqualityComparer<T>? Comparer => typeof(T) == typeof(string) ? null : _guard ?? (IEqualityComparer<T>)Known.Instance;

    /// <summary>Ends the limit on comparisons: all keys have been read.</summary>
    public void End() => _guard?.End();

    /// <summary>Types whose equality is that of their bits or ticks, all of which the hash takes.</summary>
    private sealed class Known : IEqualityComparer<T>
    {
        public static readonly Known Instance = new();

        public static bool HasOwnHash { get; } = typeof(T) == typeof(string) || typeof(T).IsEnum || typeof(T) == typeof(bool)
            || typeof(T) == typeof(byte) || typeof(T) == typeof(sbyte) || typeof(T) == typeof(short) || typeof(T) == typeof(ushort)
            || typeof(T) == typeof(char) || typeof(T) == typeof(int) || typeof(T) == typeof(uint) || typeof(T) == typeof(long)
            || typeof(T) == typeof(ulong) || typeof(T) == typeof(Int128) || typeof(T) == typeof(UInt128) || typeof(T) == typeof(Guid)
            || typeof(T) == typeof(DateTime) || typeof(T) == typeof(DateTimeOffset) || typeof(T) == typeof(DateOnly)
            || typeof(T) == typeof(TimeOnly) || typeof(T) == typeof(TimeSpan);

        public bool Equals(T? x, T? y) => EqualityComparer<T>.Default.Equals(x, y);

        public int GetHashCode(T key)
        {
            // Two times are equal if their ticks are, whatever their kind or offset.
            ulong first = typeof(T) == typeof(DateTime) ? (ulong)Unsafe.As<T, DateTime>(ref key).Ticks
                : typeof(T) == typeof(DateTimeOffset) ? (ulong)Unsafe.As<T, DateTimeOffset>(ref key).UtcTicks
                : Unsafe.SizeOf<T>() switch
                {
                    1 => Unsafe.As<T, byte>(ref key),
                    2 => Unsafe.As<T, ushort>(ref key),
                    4 => Unsafe.As<T, uint>(ref key),
                    _ => Unsafe.As<T, ulong>(ref key),
                };
            return typeof(T) != typeof(DateTimeOffset) && Unsafe.SizeOf<T>() == 16
                ? Combine(first, Unsafe.Add(ref Unsafe.As<T, ulong>(ref key), 1))
                : HashCode.Combine((uint)first, (uint)(first >> 32));
        }

        // Each half by itself: the hash of a long folds them, and folds many to one.
        private static int Combine(ulong first, ulong second) =>
            HashCode.Combine((uint)first, (uint)(first >> 32), (uint)second, (uint)(second >> 32));
    }

    private sealed class Guard(long comparisons) : IEqualityComparer<T>
    {
        private long _left = comparisons;

        public bool Equals(T? x, T? y) => --_left >= 0
            ? EqualityComparer<T>.Default.Equals(x, y)
            : throw RpcReader.Corrupt($"the hashes of its keys of type {typeof(T).Name} collide");

        // The seed keeps keys of different hashes from the same bucket.
        public int GetHashCode(T key) => HashCode.Combine(key?.GetHashCode() ?? 0);

        public void End() => _left = long.MaxValue;
    }
}
