using System.Globalization;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance;

/// <summary>A way to place locks: by name, or in a region.</summary>
public abstract class LockUnderTest
{
    /// <summary>For the test's name.</summary>
    public abstract string Name { get; }

    /// <summary>Returns an unused place of this many bytes, in the form of <see cref="LockPlaceText"/>.</summary>
    public abstract string NewPlace(long size);

    /// <summary>Removes the place.</summary>
    public abstract void Remove(string place);

    /// <summary>Locks by name.</summary>
    public sealed class Named : LockUnderTest
    {
        /// <inheritdoc/>
        public override string Name => "by name";

        /// <inheritdoc/>
        public override string NewPlace(long size) => $"name:l-{Guid.NewGuid():N}";

        /// <inheritdoc/>
        public override void Remove(string place)
        {
            ArgumentNullException.ThrowIfNull(place);
            NamedMutex.Remove(place["name:".Length..]);
        }
    }

    /// <summary>Locks at an offset of a region, at the edge of a page.</summary>
    public sealed class Placed : LockUnderTest
    {
        private const int Offset = 8192 - 128;

        /// <inheritdoc/>
        public override string Name => "in a region";

        /// <inheritdoc/>
        public override string NewPlace(long size)
        {
            string name = $"lr-{Guid.NewGuid():N}";
            SharedRegion.Open(name, Offset + size).Dispose();
            return string.Create(CultureInfo.InvariantCulture, $"region:{name}:{Offset}");
        }

        /// <inheritdoc/>
        public override void Remove(string place)
        {
            ArgumentNullException.ThrowIfNull(place);
            SharedRegion.Remove(place.Split(':')[1]);
        }
    }
}
