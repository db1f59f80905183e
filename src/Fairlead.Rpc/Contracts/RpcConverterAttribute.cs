namespace Fairlead.Rpc;

/// <summary>
/// Names a class that converts a type which cannot travel itself, such as one of another library, to a type that can. On an assembly it
/// holds for the contracts of that assembly; on a contract for that contract, before one of the assembly.
/// </summary>
/// <param name="converter">The class: it implements <see cref="IRpcConverter{T, TParts}"/> once, and is public or internal.</param>
/// <example><c>[assembly: RpcConverter(typeof(GeoPointConverter))]</c></example>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Interface, AllowMultiple = true, Inherited = false)]
public sealed class RpcConverterAttribute(Type converter) : Attribute
{
    /// <summary>The class.</summary>
    public Type Converter { get; } = converter;
}

/// <summary>Converts the values of a type to those of another one, which travels in its place. Any thread calls it.</summary>
/// <typeparam name="T">The type in the contract.</typeparam>
/// <typeparam name="TParts">The type that travels: client and server compare its shape.</typeparam>
public interface IRpcConverter<T, TParts>
{
    /// <summary>Converts a value that is sent. An exception ends the call before anything of the value is sent.</summary>
    /// <param name="value">The value, which is not null.</param>
    static abstract TParts ToParts(T value);

    /// <summary>Converts a value that has come. An exception ends the call with <see cref="ErrorCode.Corrupt"/>.</summary>
    /// <param name="parts">The value that travelled; the other side chose it.</param>
    static abstract T FromParts(TParts parts);
}
