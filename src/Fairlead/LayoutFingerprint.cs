using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead;

/// <summary>A fingerprint of an unmanaged type's layout, by which two programs compare their layouts.</summary>
/// <remarks>
/// <para>
/// The fingerprint is a hash of the type's size and alignment, and of the name, offset and type of each field. The name and namespace of
/// the type itself do not count, because each program may declare its own type.
/// </para>
/// <para>
/// The fingerprint covers only the type's own fields. A field whose type is another structure counts with that type's name and size.
/// Trimming keeps the fields of <c>T</c> (<see cref="Fields"/>), but may remove the fields of their types. Types of the base library count
/// with their name and size only, because programs do not declare them. The same source therefore gives the same fingerprint under the JIT
/// compiler, trimmed, and compiled ahead of time.
/// </para>
/// <para>
/// Metadata contains offsets for explicit layouts only, so this class measures them. It fills a value with bytes that encode their own
/// positions, and reads the fields one by one. It computes each fingerprint once.
/// </para>
/// </remarks>
internal static class LayoutFingerprint
{
    /// <summary>The members of a fingerprinted type that trimming must keep.</summary>
    public const DynamicallyAccessedMemberTypes Fields =
        DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields;

    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // 64-bit FNV-1a: stable between versions and machines, but no protection against deliberate collisions.
    private const ulong Basis = 14_695_981_039_346_656_037;
    private const ulong Prime = 1_099_511_628_211;

    /// <summary>Returns the fingerprint of a type; never 0.</summary>
    public static ulong Of<[DynamicallyAccessedMembers(Fields)] T>()
        where T : unmanaged => Cache<T>.Value;

    /// <summary>Returns the text that is hashed: <c>16 by 8; X at 0: Double; Y at 8: Double</c>.</summary>
    public static string Describe<[DynamicallyAccessedMembers(Fields)] T>()
        where T : unmanaged
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Unsafe.SizeOf<T>()} by {AlignmentOf<T>()}");
        if (IsOfBaseLibrary(typeof(T)))
        {
            return text.Append("; ").Append(NameOf(typeof(T))).ToString();
        }

        FieldInfo[] fields = typeof(T).GetFields(Instance);
        int[] offsets = Offsets<T>(fields);
        IEnumerable<int> order = Enumerable
            .Range(0, fields.Length)
            .OrderBy(i => offsets[i])
            .ThenBy(i => FieldName(fields[i]), StringComparer.Ordinal);
        foreach (int i in order)
        {
            Type type = fields[i].FieldType;
            text.Append(CultureInfo.InvariantCulture, $"; {FieldName(fields[i])} at {offsets[i]}: {NameOf(type)}");
            if (type is { IsPrimitive: false, IsPointer: false, IsFunctionPointer: false })
            {
                text.Append(CultureInfo.InvariantCulture, $" of {RuntimeHelpers.SizeOf(type.TypeHandle)}");
            }
        }

        return text.ToString();
    }

    /// <summary>Returns the name of a type without its namespace, with its type arguments: <c>Pair&lt;Int32, Speed&gt;</c>.</summary>
    public static string NameOf(Type type)
    {
        Type[] arguments = type.GenericTypeArguments;
        if (arguments.Length == 0)
        {
            return type.Name;
        }

        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return $"{(tick < 0 ? type.Name : type.Name[..tick])}<{string.Join(", ", arguments.Select(NameOf))}>";
    }

    // A property counts like a field of its name: the compiler calls its field <X>k__BackingField.
    private static string FieldName(FieldInfo field) =>
        field.Name is ['<', ..] && field.Name.IndexOf('>', StringComparison.Ordinal) is > 1 and var end ? field.Name[1..end] : field.Name;

    private static bool IsOfBaseLibrary(Type type) => type.Assembly == typeof(object).Assembly;

    private static ulong Hash(string text)
    {
        ulong hash = Basis;
        foreach (byte one in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ one) * Prime;
        }

        return hash == 0 ? 1 : hash;
    }

    private static int AlignmentOf<T>()
        where T : unmanaged => Unsafe.SizeOf<BehindByte<T>>() - Unsafe.SizeOf<T>();

    // Each byte of the value holds a part of the byte's offset: first the low byte, then the middle one, then the high one.
    private static int[] Offsets<T>(FieldInfo[] fields)
        where T : unmanaged
    {
        int[] offsets = new int[fields.Length];
        byte[] bytes = new byte[Unsafe.SizeOf<T>()];
        for (int shift = 0; shift < 24; shift += 8)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)(i >> shift);
            }

            object value = MemoryMarshal.Read<T>(bytes);
            for (int i = 0; i < fields.Length; i++)
            {
                // Reflection wraps a pointer in another object, so its offset cannot be measured and does not count.
                offsets[i] |= fields[i].FieldType.IsPointer || fields[i].GetValue(value) is not { } field ? 0 : FirstByte(field) << shift;
            }
        }

        return offsets;
    }

    // The value in a box begins at the same place as the fields of any object.
    private static byte FirstByte(object value) => Unsafe.As<Box>(value).First;

    private static class Cache<[DynamicallyAccessedMembers(Fields)] T>
        where T : unmanaged
    {
        public static readonly ulong Value = Hash(Describe<T>());
    }

    private sealed class Box
    {
        public readonly byte First;

        public Box(byte first) => First = first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BehindByte<T>
        where T : unmanaged
    {
        public byte First;
        public T Value;
    }
}
