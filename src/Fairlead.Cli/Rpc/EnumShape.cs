using System.Globalization;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>An integer whose values have names, as the description of the contract declares them.</summary>
/// <remarks>On the wire it is the integer. Values are kept as their bits, which are the same with and without a sign.</remarks>
internal sealed class EnumShape : Shape
{
    private readonly Dictionary<ulong, string> _names = [];

    // For a value with several flags: the largest first, as a name for several flags comes before theirs.
    private readonly (string Name, ulong Bits)[] _flags;
    private readonly (string Name, ulong Bits)[] _values;
    private readonly string _type;
    private readonly int _bytes;

    /// <summary>Declares a type.</summary>
    /// <param name="type">Its name.</param>
    /// <param name="integer">The shape of its values.</param>
    /// <param name="isFlags">Whether a value may have several names.</param>
    /// <param name="values">The names and their values, which fit the integer.</param>
    public EnumShape(string type, string integer, bool isFlags, IEnumerable<(string Name, Int128 Value)> values)
    {
        (_type, Integer, IsFlags) = (type, new SimpleShape(integer), isFlags);
        _bytes = int.Parse(integer.AsSpan(1), CultureInfo.InvariantCulture) / 8;
        _values = [.. values.Select(one => (one.Name, (ulong)(one.Value & Mask)))];
        _flags = [.. _values.Where(static one => one.Bits != 0).OrderByDescending(static one => one.Bits)];
        foreach ((string name, ulong bits) in _values)
        {
            _names.TryAdd(bits, name);
        }
    }

    /// <summary>The integer on the wire.</summary>
    public SimpleShape Integer { get; }

    /// <summary>Whether a value may have several names.</summary>
    public bool IsFlags { get; }

    /// <summary>The names, for an error.</summary>
    public string Names => _values.Length == 0 ? "There is none" : $"There is {string.Join(", ", _values.Select(static one => one.Name))}";

    /// <summary>The name that is declared first; null: there is none.</summary>
    public string? FirstName => _values.Length == 0 ? null : _values[0].Name;

    public override string Words => $"a name of {_type}, {(IsFlags ? "or several with commas, " : "")}or {Integer.Words}";

    private ulong Mask => ulong.MaxValue >> (64 - (8 * _bytes));

    public override string ToString() => $"{Integer}";

    /// <summary>Finds the value of a name, or of several flags: exact, or in another case where only one fits.</summary>
    public bool TryParse(string text, out ulong bits)
    {
        bits = 0;
        foreach (string part in IsFlags ? text.Split(',') : [text])
        {
            string name = part.Trim();
            (string Name, ulong Bits)[] found = [.. _values.Where(one => one.Name == name)];
            if (found.Length == 0)
            {
                found = [.. _values.Where(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
            }

            if (found.Length != 1)
            {
                return false;
            }

            bits |= found[0].Bits;
        }

        return true;
    }

    /// <summary>The names of a value; null: not all of it has a name.</summary>
    public string? NameOf(ulong bits)
    {
        if (_names.TryGetValue(bits, out string? name) || !IsFlags || bits == 0)
        {
            return name;
        }

        List<string> names = [];
        ulong left = bits;
        foreach ((string flag, ulong its) in _flags)
        {
            if ((left & its) == its)
            {
                names.Insert(0, flag);
                left &= ~its;
            }
        }

        return left == 0 ? string.Join(", ", names) : null;
    }

    /// <summary>The number of a value.</summary>
    public string NumberOf(ulong bits)
    {
        bool isNegative = Integer.Name[0] == 'i' && bits > Mask >> 1;
        Int128 number = isNegative ? (Int128)bits - Mask - 1 : bits;
        return number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Writes a value.</summary>
    public void Write(ref RpcWriter writer, ulong bits)
    {
        for (int i = 0; i < _bytes; i++)
        {
            writer.WriteByte((byte)(bits >> (8 * i)));
        }
    }

    /// <summary>Reads a value.</summary>
    public ulong Read(ref RpcReader reader)
    {
        ulong bits = 0;
        for (int i = 0; i < _bytes; i++)
        {
            bits |= (ulong)reader.ReadByte() << (8 * i);
        }

        return bits;
    }
}
